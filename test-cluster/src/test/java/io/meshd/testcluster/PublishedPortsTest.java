package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Published ports beside TCP in ingress mode: UDP, one address, host mode; dnsmasq as the server.
 */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PublishedPortsTest {
  private static final List<String> NODES = List.of("n1", "n2", "n3");

  private final Cluster cluster = Cluster.shared(PublishedPortsTest.class);
  private final Services services = new Services(cluster);

  @BeforeAll
  void network() {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "net"));
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void tcpAndUdpOfOneNumberAreAnsweredByEveryNode() {
    services.create(
        "dns",
        List.of("--network", "net", "--replicas", "2", "-p", "5353:53", "-p", "5353:53/udp"),
        dnsmasq("10.1.1.1"));
    assertEquals(
        "*:5353->53/tcp, *:5353->53/udp",
        cluster
            .meshctl(List.of("service", "ls", "--filter", "name=dns", "--format", "{{.Ports}}"))
            .strip());
    for (String node : NODES) {
      awaitAnswer(node, 5353, "10.1.1.1");
      assertEquals("10.1.1.1", dig(node, 5353, "+tcp"));
    }
    // Many clients: each query has a socket, and so a session, of its own.
    String answers =
        cluster.sh(
            "client",
            "for i in $(seq 60); do echo one.test; done >/tmp/queries; "
                + "for n in 1 2 3; do dig +short +tries=1 +time=3 @10.99.0.$n -p 5353"
                + " -f /tmp/queries; done | sort | uniq -c");
    assertEquals("180 10.1.1.1", answers.strip());
    services.scale("dns", 0);
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> digResult("n2", 5353).out().contains("connection refused"));
    cluster.meshctl(List.of("service", "rm", "dns"));
  }

  @Test
  void aPortOnOneAddressIsAnsweredThereOnly() {
    services.start(
        "here",
        List.of("--network", "net", "-p", "ip=10.99.0.2,published=8085,target=80"),
        Cluster.pageServer(),
        "80");
    services.start(
        "there",
        List.of("--network", "net", "-p", "ip=10.99.0.3,published=8085,target=80"),
        Cluster.pageServer(),
        "80");
    assertEquals(
        "10.99.0.2:8085->80/tcp",
        cluster
            .meshctl(List.of("service", "ls", "--filter", "name=here", "--format", "{{.Ports}}"))
            .strip());
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> !cluster.page("n2", 8085).isEmpty() && !cluster.page("n3", 8085).isEmpty());
    assertTrue(cluster.page("n2", 8085).contains(services.address(services.only("here"), "eth0")));
    assertTrue(cluster.page("n3", 8085).contains(services.address(services.only("there"), "eth0")));
    assertEquals("", cluster.page("n1", 8085));
    cluster.meshctl(List.of("service", "rm", "here", "there"));
  }

  @Test
  void inHostModeEachNodeAnswersWithItsOwnTaskAndSeesTheClient() {
    cluster.meshctl(List.of("node", "update", "--label-add", "dns=yes", "n2"));
    cluster.meshctl(List.of("node", "update", "--label-add", "dns=yes", "n3"));
    services.create(
        "resolver",
        List.of(
            "--network",
            "net",
            "--mode",
            "global",
            "--constraint",
            "node.labels.dns==yes",
            "-p",
            "published=53,target=53,protocol=udp,mode=host"),
        dnsmasq("10.2.2.2"));
    List<Task> tasks = services.running("resolver", 2);
    assertEquals(new TreeSet<>(List.of("n2", "n3")), new TreeSet<>(nodes(tasks)));
    for (String node : List.of("n2", "n3")) {
      awaitAnswer(node, 53, "10.2.2.2");
      assertEquals("10.2.2.2", cluster.sh(node, "dig +short @127.0.0.1 one.test").strip());
    }
    assertTrue(digResult("n1", 53).out().contains("connection refused"));
    String log = cluster.meshctl(List.of("service", "logs", "resolver"));
    assertTrue(log.contains("from 10.99.0.254"), log);
    // What the daemon's end does not end: the rules are the kernel's.
    cluster.kill("n3");
    assertEquals("10.2.2.2", dig("n3", 53));
    cluster.start("n3");
    awaitAnswer("n3", 53, "10.2.2.2");
    cluster.meshctl(List.of("service", "rm", "resolver"));
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> digResult("n2", 53).out().contains("connection refused"));
  }

  @Test
  void moreReplicasThanNodesWaitForAHostPort() {
    cluster.meshctl(
        List.of(
            "service",
            "create",
            "--runtime",
            "process",
            "--detach",
            "--name",
            "four",
            "--replicas",
            "4",
            "-p",
            "published=8087,target=80,mode=host",
            Cluster.pageServer(),
            "80"));
    services.running("four", 3);
    String format = "{{.CurrentState}}|{{.Error}}";
    String lines =
        cluster.meshctl(List.of("service", "ps", "--no-trunc", "--format", format, "four"));
    assertTrue(
        lines.contains("no suitable node (host-mode port already in use on 3 nodes)"), lines);
    cluster.meshctl(List.of("service", "rm", "four"));
  }

  /** What Swarm refuses: names of single tasks inside, and the mesh outside. */
  @Test
  void aServiceWithoutVirtualIpIsPublishedWhenThatIsSaid() {
    services.create(
        "rr",
        List.of(
            "--network",
            "net",
            "--replicas",
            "3",
            "--endpoint-mode",
            "dnsrr",
            "--publish-with-dnsrr",
            "-p",
            "8088:80"),
        Cluster.pageServer(),
        "80");
    for (String node : NODES) {
      await()
          .alias(node + " leads to every task")
          .atMost(Duration.ofSeconds(10))
          .until(
              () -> {
                Set<String> answers = new TreeSet<>();
                for (int i = 0; i < 9; i++) {
                  answers.add(cluster.page(node, 8088));
                }
                return answers.size() == 3 && !answers.contains("");
              });
    }
    Task task = services.running("rr", 3).getFirst();
    assertEquals(3, services.sh(task, "dig +short rr").lines().count());
    assertEquals(
        "",
        cluster.meshctl(
            List.of(
                "service", "inspect", "--format", "{{range .Endpoint.VirtualIPs}}x{{end}}", "rr")));
    cluster.meshctl(List.of("service", "rm", "rr"));
  }

  /** In host mode dnsrr needs no consent: there is nothing to balance. */
  @Test
  void withoutANumberEachTaskHasAHighPortOfItsOwn() {
    services.create(
        "web",
        List.of("--replicas", "2", "--endpoint-mode", "dnsrr", "-p", "target=80,mode=host"),
        Cluster.pageServer(),
        "80");
    services.running("web", 2);
    String lines =
        cluster.meshctl(List.of("service", "ps", "--format", "{{.Node}} {{.Ports}}", "web"));
    List<String> pages = new ArrayList<>();
    for (String line : lines.lines().toList()) {
      assertTrue(line.matches("n\\d \\*:(3[2-9]|[45]\\d|60)\\d{3}->80/tcp"), line);
      String node = line.substring(0, 2);
      int port = Integer.parseInt(line.replaceFirst(".*:(\\d+)->.*", "$1"));
      await().atMost(Duration.ofSeconds(10)).until(() -> !cluster.page(node, port).isEmpty());
      pages.add(cluster.page(node, port));
      assertTrue(
          cluster
              .meshctl(node, "ps", "--format", "{{.Ports}}")
              .orFail()
              .contains("0.0.0.0:" + port + "->80/tcp"));
    }
    assertNotEquals(pages.getFirst(), pages.getLast());
    cluster.meshctl(List.of("service", "rm", "web"));
  }

  @Test
  void aPortOfAnotherProcessIsNamedAndTheTaskGoesElsewhere() {
    String pid =
        cluster
            .sh(
                "n1",
                "busybox nc -l -p 8086 >/dev/null 2>&1 & echo $!; "
                    + "while ! ss -Hltn 'sport = :8086' | grep -q .; do sleep 0.1; done")
            .strip();
    // With these, n1 has the fewest tasks and is tried first.
    services.create(
        "filler",
        List.of("--replicas", "4", "--constraint", "node.hostname!=n1"),
        "sleep",
        "1000000");
    services.create(
        "picky",
        List.of(
            "--replicas", "2", "-p", "published=8086,target=80,mode=host", "--restart-delay", "1s"),
        Cluster.pageServer(),
        "80");
    List<Task> running = services.running("picky", 2);
    assertEquals(new TreeSet<>(List.of("n2", "n3")), new TreeSet<>(nodes(running)));
    String errors =
        cluster.meshctl(List.of("service", "ps", "--no-trunc", "--format", "{{.Error}}", "picky"));
    assertTrue(
        errors.contains("port 8086/tcp on node n1 is already in use by busybox (PID " + pid + ")"),
        errors);
    cluster.sh("n1", "kill " + pid);
    cluster.meshctl(List.of("service", "rm", "picky", "filler"));
  }

  @Test
  void anAllocatedPortStaysOnUpdate() {
    services.create("kept", List.of("--network", "net", "-p", "80"), Cluster.pageServer(), "80");
    String first = ports("kept");
    assertTrue(first.matches("\\*:3[0-2]\\d{3}->80/tcp"), first);
    cluster.meshctl(
        List.of("service", "update", "-d", "--publish-add", "published=8084,target=80", "kept"));
    assertTrue(ports("kept").contains(first), ports("kept"));
    services.update("kept", "--env-add", "A=1");
    assertTrue(ports("kept").contains(first), ports("kept"));
    int port = Integer.parseInt(first.replaceFirst("\\*:(\\d+)->.*", "$1"));
    await().atMost(Duration.ofSeconds(10)).until(() -> !cluster.page("n2", port).isEmpty());
    cluster.meshctl(List.of("service", "rm", "kept"));
  }

  @Test
  void fromATaskEveryNodesPortAnswersItsOwnToo() {
    services.start(
        "asked",
        List.of("--network", "net", "-p", "8083:80", "-p", "published=8082,target=80,mode=host"),
        Cluster.pageServer(),
        "80");
    services.start("asking", List.of("--network", "net", "--mode", "global"), "sleep", "1000000");
    services.start("plain", List.of("--mode", "global"), "sleep", "1000000");
    services.converged("asked", "asking", "plain");
    Task asked = services.only("asked");
    List<Task> all = new ArrayList<>(services.running("asking", 3));
    all.addAll(services.running("plain", 3));
    for (Task task : all) {
      for (String node : NODES) {
        assertEquals("200", status(task, Cluster.address(node), 8083), task + " " + node);
      }
      if (task.name().startsWith("plain") || !task.node().equals(asked.node())) {
        assertEquals("200", status(task, Cluster.address(asked.node()), 8082), task.toString());
      }
      services.exec(task, "ping", "-c", "1", "-W", "2", Cluster.outside()).orFail();
    }
    cluster.meshctl(List.of("service", "rm", "asked", "asking", "plain"));
  }

  private String status(Task task, String address, int port) {
    return services
        .exec(
            task,
            "curl",
            "-s",
            "-m",
            "3",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "http://" + address + ":" + port + "/")
        .out()
        .strip();
  }

  private String ports(String service) {
    return cluster
        .meshctl(List.of("service", "ls", "--filter", "name=" + service, "--format", "{{.Ports}}"))
        .strip();
  }

  private static List<String> nodes(List<Task> tasks) {
    return tasks.stream().map(Task::node).toList();
  }

  /** Answers one.test with the address, and says who asked. */
  private static String[] dnsmasq(String address) {
    return new String[] {
      "dnsmasq",
      "--keep-in-foreground",
      "--conf-file=/dev/null",
      "--no-resolv",
      "--no-hosts",
      "--user=root",
      "--pid-file",
      "--log-queries",
      "--log-facility=/dev/stdout",
      "--address=/one.test/" + address
    };
  }

  private void awaitAnswer(String node, int port, String answer) {
    await()
        .alias(node + " answers")
        .atMost(Duration.ofSeconds(20))
        .until(() -> dig(node, port).equals(answer));
  }

  private String dig(String node, int port, String... options) {
    List<String> line =
        new ArrayList<>(
            List.of("dig", "+short", "+tries=1", "+time=2", "@" + Cluster.address(node)));
    line.addAll(List.of("-p", Integer.toString(port), "one.test"));
    line.addAll(List.of(options));
    return cluster.run("client", line.toArray(String[]::new)).out().strip();
  }

  private CommandResult digResult(String node, int port) {
    return cluster.run(
        "client",
        "dig",
        "+tries=1",
        "+time=2",
        "@" + Cluster.address(node),
        "-p",
        Integer.toString(port),
        "one.test");
  }
}
