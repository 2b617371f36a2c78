package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** A service of three tasks on three nodes behind its virtual IP, as a task beside it sees it. */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class VirtualIpTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** curl's exit code; it is 28 for one that was met with silence. */
  private static final int CONNECTION_REFUSED = 7;

  private final Cluster cluster = Cluster.shared(VirtualIpTest.class);
  private final Services services = new Services(cluster);
  private Task client;
  private String vip = "";

  @BeforeAll
  void aServiceAndAClient() {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "net"));
    services.create(
        "web", List.of("--network", "net", "--replicas", "3"), Cluster.pageServer(), "80");
    services.create("client", List.of("--network", "net"), "sleep", "1000000");
    services.running("web", 3);
    client = services.only("client");
    String json = cluster.meshctl(List.of("service", "inspect", "web"));
    vip = json.replaceFirst("(?s).*\"VirtualIPs\".*?\"Addr\": *\"([0-9.]+)/.*", "$1").strip();
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  @Order(1)
  void allBackendsAnswerThroughIt() {
    assertEquals(3, services.running("web").stream().map(Task::node).distinct().count());
    await().atMost(PATIENCE).until(() -> answers(20).size() == 3);
  }

  @Test
  @Order(2)
  void itAnswersPing() {
    String out = services.sh(client, "ping -c 3 -i 0.2 -W 2 " + vip);
    assertTrue(out.contains(" 0% packet loss"), out);
  }

  /** dig takes an answer only from the address that it asked. */
  @Test
  @Order(3)
  void datagramsAreAnsweredFromItByEveryBackend() {
    services.create(
        "dns",
        List.of("--network", "net", "--replicas", "2"),
        "dnsmasq",
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--no-hosts",
        "--user=root",
        "--pid-file",
        "--log-queries",
        "--log-facility=/dev/stdout",
        "--address=/one.test/10.3.3.3");
    String asked =
        services.sh(
            client, "for i in $(seq 24); do dig +tries=1 +time=3 @dns one.test || exit 1; done");
    assertEquals(24, asked.lines().filter(line -> line.endsWith("\t10.3.3.3")).count(), asked);
    assertFalse(asked.contains("unexpected"), asked);
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                cluster
                        .meshctl(List.of("service", "logs", "dns"))
                        .lines()
                        .filter(line -> line.contains("query[A] one.test"))
                        .map(line -> line.replaceFirst("[@ ].*", ""))
                        .distinct()
                        .count()
                    == 2);
    services.scale("dns", 0);
    CommandResult refused = services.exec(client, "dig", "+tries=1", "+time=3", "@dns", "one.test");
    assertTrue(refused.out().contains("connection refused"), refused.out());
    cluster.meshctl(List.of("service", "rm", "dns"));
  }

  @Test
  @Order(3)
  void aTaskOfTheServiceReachesItsOwnServiceAndItselfBehindIt() {
    Task own = services.running("web").getFirst();
    String address = services.address(own, "eth0");
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                services
                    .sh(own, "curl -s -m 5 http://" + vip + "/")
                    .strip()
                    .endsWith(" at " + address));
  }

  @Test
  @Order(4)
  void aTaskThatIsKilledIsNotAskedAgain() {
    Task killed = services.running("web").getFirst();
    String address = services.address(killed, "eth0");
    // The end of the task may end this command too: what it says does not matter.
    CommandResult ignored =
        services.exec(
            killed,
            "sh",
            "-c",
            "kill -9 $(ss -Hltnp 'sport = :80' | sed 's/.*pid=\\([0-9]*\\).*/\\1/')");
    await()
        .atMost(PATIENCE)
        .until(() -> services.running("web").stream().noneMatch(killed::equals));
    services.running("web", 3);
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              Set<String> answered = answers(20);
              return answered.size() == 3 && !answered.contains(address);
            });
  }

  @Test
  @Order(5)
  void scaledDownItHasTheRestAndWithoutAnyItRefusesAtOnce() {
    services.scale("web", 1);
    await().atMost(PATIENCE).until(() -> answers(10).size() == 1);
    services.scale("web", 0);
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                services.exec(client, "curl", "-s", "-m", "5", "http://" + vip + "/").exitCode()
                    == CONNECTION_REFUSED);
    services.sh(client, "ping -c 1 -W 2 " + vip);
  }

  @Test
  @Order(6)
  void aConnectionIsResetWhenTheAddressGoesAwayUnderIt() {
    services.scale("web", 1);
    await().atMost(PATIENCE).until(() -> answers(1).size() == 1);
    String script =
        """
        exec 3<>/dev/tcp/%s/80 && touch /run/vip-open
        until [ -e /run/vip-gone ]; do sleep 0.05; done
        printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3
        timeout 10 cat <&3
        """
            .formatted(vip);
    CompletableFuture<CommandResult> connection =
        CompletableFuture.supplyAsync(() -> services.exec(client, "bash", "-c", script));
    await()
        .atMost(PATIENCE)
        .until(() -> cluster.run(client.node(), "test", "-e", "/run/vip-open").exitCode() == 0);
    cluster.meshctl(List.of("service", "update", "-d", "--endpoint-mode", "dnsrr", "web"));
    await()
        .atMost(PATIENCE)
        .until(() -> services.exec(client, "ping", "-c", "1", "-W", "1", vip).exitCode() != 0);
    cluster.run(client.node(), "touch", "/run/vip-gone");
    CommandResult ended = connection.join();
    assertTrue(ended.err().contains("Connection reset by peer"), ended.toString());
  }

  /** Who answers so many requests, each on a connection of its own; none may fail. */
  private Set<String> answers(int requests) {
    String loop =
        "for i in $(seq " + requests + "); do curl -sf -m 5 http://" + vip + "/ || exit 1; done";
    return services
        .sh(client, loop)
        .lines()
        .map(line -> line.replaceFirst(".* at ", "").strip())
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
