package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.function.Executable;

/**
 * What cannot be is refused in one exact sentence, with the right exit code, and changes nothing.
 */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadInputTest {
  private static final int FAILED = 1;
  private static final int USAGE = 125;
  private static final String DAEMON = "Error response from daemon: ";
  private static final String INVALID = DAEMON + "rpc error: code = InvalidArgument desc = ";
  private static final String EXISTS = DAEMON + "rpc error: code = AlreadyExists desc = ";
  private static final String PRECONDITION =
      DAEMON + "rpc error: code = FailedPrecondition desc = ";

  private static final String WORKER =
      "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster"
          + " state. Please run this command on a manager node or promote the current node to a"
          + " manager.";

  private static final String NETWORK_ON_WORKER =
      "Cannot create a multi-host network from a worker node. Please create the network from a"
          + " manager node.";

  /** A command line, how it ends, and the first line of what it says; ID stands for any ID. */
  private record Refused(String line, int exitCode, String says) {}

  private final Cluster cluster = Cluster.shared(BadInputTest.class);

  @BeforeAll
  void something() {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "net"));
    new Services(cluster)
        .create("web", List.of("--network", "net", "-p", "8080:80"), Cluster.pageServer(), "80");
  }

  /** One of the tests stops a node's daemon: what is listed is not to change under the others. */
  @BeforeEach
  void wholeAgain() {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                cluster
                    .meshctl(List.of("node", "ls", "--format", "{{.Status}}"))
                    .equals("Ready\nReady\nReady"));
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void wordsThatAreNoCommand() {
    refuses(
        new Refused("frobnicate", USAGE, "meshctl: unknown command: meshctl frobnicate"),
        new Refused(
            "network frobnicate", USAGE, "meshctl: unknown command: meshctl network frobnicate"),
        new Refused(
            "network create", USAGE, "meshctl: 'meshctl network create' requires 1 argument"),
        new Refused("network create --bogus x", USAGE, "unknown flag: --bogus"),
        new Refused("service create --replicas", USAGE, "flag needs an argument: --replicas"),
        new Refused(
            "service rm", USAGE, "meshctl: 'meshctl service rm' requires at least 1 argument"));
  }

  @Test
  void networks() {
    String create = "network create --driver overlay ";
    refuses(
        new Refused(create + "net", FAILED, DAEMON + "network with name net already exists"),
        new Refused(
            create + "not/a/name", FAILED, INVALID + "name must be valid as a DNS name component"),
        new Refused(
            create + "--subnet 10.0.1.0/25 other",
            FAILED,
            INVALID
                + "Pool overlaps with other one on this address space: subnet 10.0.1.0/25 of network"
                + " other overlaps with subnet 10.0.1.0/24 of network net"),
        new Refused(
            create + "--subnet 10.9.9.0/24 --gateway 10.8.8.1 other",
            FAILED,
            "no matching subnet for gateway 10.8.8.1"),
        new Refused("network rm nosuch", FAILED, DAEMON + "network nosuch not found"),
        new Refused("network inspect nosuch", FAILED, DAEMON + "network nosuch not found"),
        new Refused("network rm net", FAILED, PRECONDITION + "network ID is in use by service ID"),
        new Refused(
            "network rm ingress", FAILED, PRECONDITION + "the ingress network cannot be removed"));
  }

  @Test
  void services() {
    String create = "service create --runtime process -d ";
    refuses(
        new Refused(
            create + "--name web sleep 1",
            FAILED,
            EXISTS + "name conflicts with an existing object: service web already exists"),
        new Refused(
            create + "--name a.b sleep 1",
            FAILED,
            INVALID + "name must be valid as a DNS name component"),
        new Refused(
            create + "-p 8080:81 sleep 1",
            FAILED,
            INVALID + "port '8080' is already in use by service 'web' (ID) as an ingress port"),
        new Refused(
            create + "-p 9000:80 -p 9000:81 sleep 1",
            FAILED,
            INVALID + "EndpointSpec: duplicate published ports provided"),
        new Refused(
            create + "--endpoint-mode dnsrr -p 9000:80 sleep 1",
            FAILED,
            INVALID
                + "EndpointSpec: port published with ingress mode can't be used with dnsrr mode"),
        new Refused(
            create + "--network nosuch sleep 1", FAILED, DAEMON + "network nosuch not found"),
        new Refused(
            create + "--network ingress sleep 1",
            FAILED,
            INVALID + "Service cannot be explicitly attached to the ingress network \"ingress\""),
        new Refused("service rm nosuch", FAILED, DAEMON + "service nosuch not found"),
        new Refused("service inspect nosuch", FAILED, "Error: no such service: nosuch"),
        new Refused("service ps nosuch", FAILED, "no such service: nosuch"),
        new Refused("service logs nosuch", FAILED, "no such task or service: nosuch"),
        new Refused(
            "service scale nosuch=2",
            FAILED,
            "nosuch: Error response from daemon: service nosuch not found"),
        new Refused("service scale web", USAGE, "invalid scale specifier 'web'."),
        new Refused(
            "service update --publish-add 9000:80 nosuch",
            FAILED,
            DAEMON + "service nosuch not found"),
        new Refused("service publish 9000:80 nosuch", FAILED, DAEMON + "service nosuch not found"),
        new Refused(
            "service publish 9000:eighty web",
            USAGE,
            "invalid port \"9000:eighty\": invalid containerPort: eighty"),
        new Refused(
            "service publish 70000:80 web",
            USAGE,
            "invalid port \"70000:80\": invalid hostPort: 70000"));
  }

  @Test
  void publishedPortsAndBalancing() {
    String create = "service create --runtime process -d ";
    String flag = "\" for \"-p, --publish\" flag: ";
    refuses(
        new Refused(
            create + "-p 9000:0 sleep 1",
            USAGE,
            "invalid argument \"9000:0" + flag + "invalid containerPort: 0"),
        new Refused(
            create + "-p 65536:80 sleep 1",
            USAGE,
            "invalid argument \"65536:80" + flag + "invalid hostPort: 65536"),
        new Refused(
            create + "-p 9000-9002:80-81 sleep 1",
            USAGE,
            "invalid argument \"9000-9002:80-81"
                + flag
                + "invalid ranges specified for container and host Ports: 80-81 and 9000-9002"),
        new Refused(
            create + "-p 9000:80/sctp sleep 1",
            FAILED,
            INVALID + "EndpointSpec: protocol sctp is not supported: use tcp or udp"),
        new Refused(
            create + "-p published=9000,target=53,protocol=udp,client-address=proxy-v2 sleep 1",
            FAILED,
            INVALID
                + "EndpointSpec: client address mode proxy-v2 is for tcp: a datagram has no first"
                + " byte of a connection to put a header before"),
        new Refused(
            create + "-p published=9000,target=80,mode=host,client-address=preserve sleep 1",
            FAILED,
            INVALID
                + "EndpointSpec: client address mode preserve can't be used with a port published"
                + " in host mode"),
        new Refused(
            create + "-p published=9000,target=80,ip=10.0.0.300 sleep 1",
            USAGE,
            "invalid argument \"published=9000,target=80,ip=10.0.0.300"
                + flag
                + "invalid ip value (10.0.0.300): must be an IPv4 address"),
        new Refused(
            create + "--endpoint-affinity cookie sleep 1",
            FAILED,
            "invalid value \"cookie\" for --endpoint-affinity: must be one of none, client-ip"),
        new Refused(
            create + "--endpoint-weight nosuch=10 sleep 1",
            FAILED,
            DAEMON + "node nosuch not found"),
        new Refused(
            create + "--endpoint-weight n1=1001 sleep 1",
            FAILED,
            INVALID + "EndpointSpec: invalid endpoint weight 1001 of node n1: use 0 to 1000"),
        new Refused(
            "service update --endpoint-mode dnsrr web",
            FAILED,
            INVALID
                + "EndpointSpec: port published with ingress mode can't be used with dnsrr mode"),
        new Refused(
            "service rollback web",
            FAILED,
            PRECONDITION + "service ID does not have a previous spec"));
  }

  @Test
  void swarmAndNodes() {
    refuses(
        new Refused("swarm unlock", FAILED, "Error: swarm is not locked"),
        new Refused(
            "swarm unlock-key --rotate", FAILED, "cannot rotate because autolock is not turned on"),
        new Refused("swarm unlock-key", FAILED, "no unlock key is set"),
        new Refused(
            "swarm update --cert-expiry 59m",
            FAILED,
            DAEMON
                + "rpc error: code = InvalidArgument desc = minimum certificate expiry time is:"
                + " 1h0m0s"),
        new Refused(
            "swarm update --dispatcher-heartbeat 1s",
            FAILED,
            DAEMON + "the heartbeat period cannot be changed"),
        new Refused(
            "swarm init",
            FAILED,
            DAEMON
                + "This node is already part of a swarm. Use \"docker swarm leave\" to leave this"
                + " swarm and join another one."),
        new Refused(
            "swarm join --token SWMTKN-1-x-y 10.99.0.1:2377",
            FAILED,
            DAEMON
                + "This node is already part of a swarm. Use \"docker swarm leave\" to leave this"
                + " swarm and join another one."),
        new Refused("node inspect nosuch", FAILED, DAEMON + "node nosuch not found"),
        new Refused("node rm nosuch", FAILED, DAEMON + "node nosuch not found"));
  }

  @Test
  void aWorkerIsNoPlaceForTheClustersAffairs() {
    for (String line :
        List.of(
            "node ls",
            "node update --availability drain n1",
            "service ls",
            "service create --runtime process -d sleep 1",
            "service publish 8081:80 web",
            "service scale web=2",
            "service rm web",
            "swarm update --task-history-limit 1",
            "swarm join-token worker")) {
      CommandResult result = cluster.meshctl("n2", line.split(" ", -1));
      assertTrue(result.err().endsWith(DAEMON + WORKER), line + ": " + result.err());
      assertEquals(FAILED, result.exitCode(), line);
    }
    assertEquals(
        DAEMON + NETWORK_ON_WORKER,
        cluster.meshctl("n2", "network", "create", "--driver", "overlay", "other").err());
  }

  @Test
  void tasksAndEndpoints() {
    refuses(
        new Refused("exec nosuch true", FAILED, DAEMON + "No such container: nosuch"),
        new Refused(
            "endpoint attach --network nosuch --netns /proc/self/ns/net",
            FAILED,
            DAEMON + "network nosuch not found"),
        new Refused(
            "endpoint attach --network net --netns /proc/self/ns/net",
            FAILED,
            DAEMON + "network net not manually attachable"),
        new Refused("endpoint detach nosuch", FAILED, DAEMON + "endpoint nosuch not found"));
  }

  @Test
  void aPortThatAnotherProcessServesOnSomeNode() throws IOException {
    Process server =
        cluster.background(
            cluster.state().resolve("server.log"),
            "n2",
            "sh",
            "-c",
            "echo $$ >/run/server.pid; exec busybox httpd -f -p 8095");
    try {
      String pid =
          await()
              .until(
                  () -> cluster.run("n2", "sh", "-c", "ss -Hltnp 'sport = :8095'").out(),
                  said -> said.contains("pid="))
              .replaceFirst("(?s).*pid=(\\d+).*", "$1");
      String says =
          PRECONDITION
              + "port 8095/tcp on node n2 is already in use by busybox (PID %s)".formatted(pid);
      refuses(
          new Refused("service publish 8095:80 web", FAILED, says),
          new Refused(
              "service create --runtime process -d --name other -p 8095:80 sleep 9", FAILED, says));
    } finally {
      cluster.sh("n2", "kill $(cat /run/server.pid)");
      server.destroy();
    }
  }

  @Test
  void aDaemonThatIsNotThere() {
    cluster.kill("n2");
    try {
      CommandResult result = cluster.run("n2", "meshctl", "node", "ls");
      assertEquals(
          "Cannot connect to the meshd daemon at unix:///run/meshd/meshd.sock. Is the meshd daemon"
              + " running?",
          result.err());
      assertEquals(FAILED, result.exitCode());
    } finally {
      cluster.start("n2");
    }
  }

  /** On the manager; a worker says the same, or that it is none. */
  private void refuses(Refused... all) {
    List<String> before = everything();
    assertAll(
        Stream.of(all).flatMap(refused -> Stream.of("n1", "n2").map(node -> check(node, refused))));
    assertEquals(before, everything());
  }

  private Executable check(String node, Refused refused) {
    return () -> {
      CommandResult result = cluster.meshctl(node, refused.line().split(" ", -1));
      String said = result.err().lines().findFirst().orElse("");
      boolean noPlace = said.contains(WORKER) || said.contains(NETWORK_ON_WORKER);
      if (node.equals("n1") || !noPlace) {
        assertEquals(
            refused.says(),
            refused.says().contains("ID") ? said.replaceAll("\\b[a-z0-9]{25}\\b", "ID") : said,
            refused.line());
      }
      assertEquals(refused.exitCode(), result.exitCode(), refused.line());
      assertTrue(!result.err().contains("\tat "), result.err());
    };
  }

  /** What was asked for; what becomes of it meanwhile (replicas, who is up) is not an answer's. */
  private List<String> everything() {
    return Stream.of(
            List.of("network", "ls"),
            List.of(
                "service", "ls", "--format", "{{.ID}} {{.Name}} {{.Mode}} {{.Image}} {{.Ports}}"),
            List.of("service", "inspect", "web", "--format", "{{json .Spec}} {{json .Endpoint}}"),
            List.of("node", "ls", "--format", "{{.ID}} {{.Hostname}} {{.Availability}}"),
            List.of("endpoint", "ls"))
        .map(cluster::meshctl)
        .toList();
  }
}
