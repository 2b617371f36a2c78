package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.testcluster.peer.Requests;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * An encrypted network beside a plain one, both with a published service on three nodes. With
 * {@code -Dmeshd.long=true} the keys rotate twenty times under at least 100,000 requests, otherwise
 * twice under 4,000.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class EncryptedNetworkTest {
  private static final boolean LONG = Boolean.getBoolean("meshd.long");
  private static final int ROTATIONS = LONG ? 20 : 2;
  private static final long REQUESTS = LONG ? 100_000 : 4_000;
  private static final List<String> NODES = List.of("n1", "n2", "n3");

  /** What goes between nodes, not from and to the client outside. */
  private static final String BETWEEN_NODES =
      "(src host 10.99.0.1 or src host 10.99.0.2 or src host 10.99.0.3)"
          + " and (dst host 10.99.0.1 or dst host 10.99.0.2 or dst host 10.99.0.3)";

  /** Reasons for which nothing is to be dropped while nobody attacks. */
  private static final List<String> SEALING =
      List.of("no_key", "not_sealed", "sealed_on_plain", "unknown_key", "bad_tag", "replayed");

  @TempDir Path folder;

  private final Cluster cluster = Cluster.up(EncryptedNetworkTest.class);
  private final Services services = new Services(cluster);

  /** A network with its service and a task that asks for it. */
  private record Net(String label, int port, List<String> options) {
    static final Net SECRET = new Net("secret", 8080, List.of("--opt", "encrypted"));
    static final Net OPEN = new Net("open", 8081, List.of());
    static final List<Net> BOTH = List.of(SECRET, OPEN);

    String web() {
      return "web-" + label;
    }

    String client() {
      return "client-" + label;
    }
  }

  @BeforeAll
  void services() {
    for (Net net : Net.BOTH) {
      List<String> create = new ArrayList<>(List.of("network", "create", "--driver", "overlay"));
      create.addAll(net.options());
      create.add(net.label());
      cluster.meshctl(create);
      services.start(
          net.web(),
          List.of("--network", net.label(), "--replicas", "3", "-p", net.port() + ":80"),
          Cluster.pageServer(),
          "80");
      services.start(
          net.client(),
          List.of("--network", net.label(), "--constraint", "node.hostname==n1"),
          "sleep",
          "1000000");
    }
    for (Net net : Net.BOTH) {
      services.converged(net.web(), net.client());
      for (String node : NODES) {
        await()
            .atMost(Duration.ofSeconds(30))
            .until(() -> !cluster.page(node, net.port()).isEmpty());
      }
    }
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  @Order(1)
  void itLooksAsDockersDoes() {
    String options =
        cluster.meshctl(
            List.of("network", "inspect", "--format", "{{json .Options}}", Net.SECRET.label()));
    assertTrue(options.contains("\"encrypted\":\"\""), options);
    Task client = services.only(Net.SECRET.client());
    assertTrue(services.sh(client, "ip link show eth0").contains(" mtu 1424 "));
    assertTrue(
        services.sh(services.only(Net.OPEN.client()), "ip link show eth0").contains(" mtu 1450 "));
    for (Task web : services.running(Net.SECRET.web(), 3)) {
      // 1424 less the IP and ICMP headers.
      String out =
          services.sh(
              client, "ping -c 2 -i 0.2 -W 2 -M do -s 1396 " + services.address(web, "eth0"));
      assertTrue(out.contains(" 0% packet loss"), out);
    }
  }

  @Test
  @Order(2)
  void aCaptureBetweenTheNodesHoldsNothingInClear() throws Exception {
    List<Process> captures = new ArrayList<>();
    List<Path> files = new ArrayList<>();
    for (String node : NODES) {
      Path file = folder.resolve(node + ".pcap");
      Path log = folder.resolve(node + ".log");
      captures.add(
          cluster.background(
              log,
              node,
              "tcpdump",
              "-Z",
              "root",
              "-U",
              "-s",
              "0",
              "-i",
              "eth0",
              "-w",
              file.toString(),
              BETWEEN_NODES));
      await().until(() -> Files.readString(log).contains("listening on"));
      files.add(file);
    }
    try {
      for (Net net : Net.BOTH) {
        talk(net);
      }
      // The last thing said in clear is there, so what was said before is.
      for (String mark : List.of("direct-open", "vip-open", "ingress-open")) {
        await()
            .alias(mark)
            .atMost(Duration.ofSeconds(10))
            .until(() -> captured(files).contains(mark));
      }
    } finally {
      captures.forEach(Process::destroy);
    }
    String all = captured(files);
    for (String mark : List.of("direct-secret", "vip-secret", "ingress-secret")) {
      assertFalse(all.contains(mark), mark);
    }
    // Nor what the servers answer with.
    for (Task web : services.running(Net.SECRET.web(), 3)) {
      assertFalse(all.contains("at " + services.address(web, "eth0")), "a page");
    }
    assertTrue(counter("n1", "vxlan.sealed") > 20);
    assertTrue(counter("n1", "vxlan.opened") > 20);
  }

  /** Asks every task straight, the virtual address and every node's port, with marks as paths. */
  private void talk(Net net) {
    Task client = services.only(net.client());
    for (Task web : services.running(net.web(), 3)) {
      String url = "http://" + services.address(web, "eth0") + "/direct-" + net.label();
      services.sh(client, "curl -s -m 5 -o /dev/null " + url);
    }
    String vip = "http://" + net.web() + "/vip-" + net.label();
    services.sh(
        client, "for i in 1 2 3 4 5 6 7 8 9; do curl -s -m 5 -o /dev/null " + vip + "; done");
    services.sh(client, "curl -s -m 5 http://" + net.web() + "/");
    for (String node : NODES) {
      String url = "http://" + Cluster.address(node) + ":" + net.port() + "/ingress-" + net.label();
      cluster.sh("client", "for i in 1 2 3 4; do curl -s -m 5 -o /dev/null " + url + "; done");
    }
  }

  private static String captured(List<Path> files) throws IOException {
    StringBuilder all = new StringBuilder();
    for (Path file : files) {
      all.append(Files.readString(file, StandardCharsets.ISO_8859_1));
    }
    return all.toString();
  }

  @Test
  @Order(3)
  void whatAPeerSendsInClearOrUnderNoKeyIsDroppedAndCounted() {
    String secret = vni(Net.SECRET);
    String open = vni(Net.OPEN);
    dropped("not_sealed", "\\x08\\0\\0\\0" + secret + "\\0");
    dropped("sealed_on_plain", "\\x48\\0\\0\\0" + open + "\\0");
    long before = counter("n1", "dropped.unknown_key") + counter("n1", "dropped.bad_tag");
    inject("\\x48\\0\\0\\0" + secret + "\\0");
    await()
        .until(
            () ->
                counter("n1", "dropped.unknown_key") + counter("n1", "dropped.bad_tag")
                    == before + 1);
  }

  private void dropped(String reason, String header) {
    long before = counter("n1", "dropped." + reason);
    inject(header);
    await().until(() -> counter("n1", "dropped." + reason) == before + 1);
  }

  /** From n2's own address to n1, as from a meshd there; 100 bytes follow the header. */
  private void inject(String header) {
    String frame = "\\x02\\x42".repeat(50);
    cluster
        .run("n2", "bash", "-c", "printf '" + header + frame + "' >/dev/udp/10.99.0.1/4789")
        .orFail();
  }

  /** The network's, as printf takes it: three bytes. */
  private String vni(Net net) {
    String format = "{{index .Options \"com.docker.network.driver.overlay.vxlanid_list\"}}";
    int vni =
        Integer.parseInt(
            cluster
                .meshctl(List.of("network", "inspect", "--format", format, net.label()))
                .strip());
    return "\\x%02x\\x%02x\\x%02x".formatted(vni >> 16, (vni >> 8) & 0xff, vni & 0xff);
  }

  @Test
  @Order(4)
  void keysRotateWithoutALostRequest() throws Exception {
    List<Long> drops = drops();
    List<String> said =
        underLoad(
            NODES,
            REQUESTS,
            () -> {
              for (int i = 0; i < ROTATIONS; i++) {
                String before = cluster.meshctl(List.of("gossip", "keys"));
                String done = cluster.meshctl(List.of("swarm", "rotate-keys"));
                assertTrue(done.contains("Encrypted networks are sealed with key "), done);
                assertNotEquals(before, cluster.meshctl(List.of("gossip", "keys")));
              }
            });
    said.forEach(load -> assertTrue(load.endsWith(" requests, 0 failed"), load));
    assertEquals(drops, drops());
    String members = cluster.meshctl(List.of("gossip", "members", "--format", "{{.State}}"));
    assertEquals(List.of("alive", "alive", "alive"), members.lines().toList());
  }

  private List<Long> drops() {
    return NODES.stream()
        .flatMap(node -> SEALING.stream().map(reason -> counter(node, "dropped." + reason)))
        .toList();
  }

  @Test
  @Order(5)
  void aDaemonThatWasKilledSealsAnewAndIsUnderstood() {
    cluster.kill("n2");
    cluster.start("n2");
    // Its tasks may have been replaced meanwhile; its port leads to those of other nodes too.
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> {
              cluster.page("n2", Net.SECRET.port());
              return counter("n2", "vxlan.opened") > 20;
            });
    services.running(Net.SECRET.web(), 3);
    assertTrue(counter("n2", "vxlan.sealed") > 0);
    for (int i = 0; i < 6; i++) {
      assertFalse(cluster.page("n2", Net.SECRET.port()).isEmpty(), "a page");
    }
    assertEquals(0, counter("n2", "dropped.bad_tag"));
  }

  @Test
  @Order(6)
  void afterTheRemovalOfANodeItsKeysAreWorthNothing() throws Exception {
    List<String> two = List.of("n1", "n2");
    List<String> known = keys();
    cluster.meshctl(List.of("node", "update", "--availability", "drain", "n3"));
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () ->
                services.running(Net.SECRET.web()).stream().noneMatch(t -> t.node().equals("n3"))
                    && services.running(Net.SECRET.web()).size() == 3);
    cluster.meshctl("n3", "swarm", "leave").orFail();
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () ->
                cluster
                    .meshctl(List.of("node", "ls"))
                    .lines()
                    .anyMatch(l -> l.matches(".*n3 .*Down.*")));
    List<String> said =
        underLoad(
            two,
            REQUESTS / 4,
            () -> {
              cluster.meshctl(List.of("node", "rm", "n3"));
              await()
                  .atMost(Duration.ofSeconds(40))
                  .until(() -> keys().size() == 1 && !known.contains(keys().getFirst()));
            });
    said.forEach(load -> assertTrue(load.endsWith(" requests, 0 failed"), load));
  }

  /** Digests of gossip's ring. */
  private List<String> keys() {
    return cluster.meshctl(List.of("gossip", "keys", "--format", "{{.Digest}}")).lines().toList();
  }

  @FunctionalInterface
  private interface Action {
    void run();
  }

  /** From outside through the nodes given, and from a task to the virtual address. */
  private List<String> underLoad(List<String> nodes, long least, Action action)
      throws IOException, InterruptedException {
    Path until = Files.createTempDirectory(folder, "until").resolve("done");
    Task client = services.only(Net.SECRET.client());
    List<String> ports =
        nodes.stream().map(node -> Cluster.address(node) + ":" + Net.SECRET.port()).toList();
    Path[] outputs = {
      Files.createTempFile(folder, "load", ".txt"), Files.createTempFile(folder, "load", ".txt")
    };
    Process[] loads = {
      cluster.background(outputs[0], "client", requests(3, least, until, ports)),
      cluster.background(
          outputs[1],
          client.node(),
          Stream.concat(
                  Stream.of("meshctl", "exec", client.id()),
                  Stream.of(requests(2, least / 2, until, List.of(Net.SECRET.web() + ":80"))))
              .toArray(String[]::new))
    };
    try {
      action.run();
    } finally {
      Files.createFile(until);
    }
    List<String> said = new ArrayList<>();
    for (int i = 0; i < loads.length; i++) {
      assertTrue(loads[i].waitFor(LONG ? 400 : 120, TimeUnit.SECONDS), "the load ends");
      said.add(Files.readString(outputs[i]).strip());
    }
    System.out.println(said);
    return said;
  }

  private static String[] requests(int workers, long least, Path until, List<String> servers) {
    List<String> args = new ArrayList<>(List.of("" + workers, "2", "" + least, until.toString()));
    args.addAll(servers);
    return Services.program(Requests.class, args.toArray(String[]::new));
  }

  private long counter(String node, String name) {
    return cluster
        .meshctl(node, "counters", "--format", "{{.Name}} {{.Value}}")
        .orFail()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToLong(line -> Long.parseLong(line.substring(name.length() + 1).strip()))
        .sum();
  }
}
