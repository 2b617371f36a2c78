package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What a task finds around it: interfaces, ways in and out; and the ways into a task. */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TaskViewTest {
  private final Cluster cluster = Cluster.shared(TaskViewTest.class);
  private final Services services = new Services(cluster);

  @BeforeAll
  void services() {
    // Two nodes have the tasks.
    cluster.meshctl(List.of("node", "update", "--availability", "pause", "n3"));
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "--attachable", "net"));
    services.start(
        "onnet",
        List.of("--network", "net", "--replicas", "2", "-p", "8080:80", "-e", "COLOUR=green"),
        Cluster.pageServer(),
        "80");
    services.start("plain", List.of("--replicas", "2"), "sleep", "1000000");
    services.start(
        "published", List.of("--replicas", "2", "-p", "8081:80"), Cluster.pageServer(), "80");
    services.start(
        "talker", List.of(), "sh", "-c", "echo to stdout; echo to stderr >&2; sleep 1000000");
    services.converged("onnet", "plain", "published", "talker");
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void onAnOverlayItHasEth0ThereAndEth1ForTheWayOut() {
    Task task = services.running("onnet", 2).getFirst();
    assertEquals(List.of("lo", "eth0", "eth1"), devices(task));
    Interface eth0 = device(task, "eth0");
    assertTrue(eth0.address().matches("10\\.0\\.1\\.\\d+/24"), eth0.toString());
    assertEquals("10.0.1.255", eth0.broadcast());
    assertEquals(macOf(eth0.address()), eth0.mac());
    assertEquals(1450, eth0.mtu());
    Interface eth1 = device(task, "eth1");
    assertTrue(eth1.address().matches("172\\.18\\.0\\.\\d+/16"), eth1.toString());
    assertEquals(macOf(eth1.address()), eth1.mac());
    assertEquals(1500, eth1.mtu());
    assertTrue(services.sh(task, "ip route show default").contains("via 172.18.0.1 dev eth1"));
    assertTrue(services.sh(task, "ip -o addr show dev lo").contains("127.0.0.1/8"));
  }

  @Test
  void withoutNetworkItHasOnlyTheBridgeOfItsNode() {
    Task task = services.running("plain", 2).getFirst();
    assertEquals(List.of("lo", "eth0"), devices(task));
    Interface eth0 = device(task, "eth0");
    assertTrue(eth0.address().matches("172\\.17\\.0\\.\\d+/16"), eth0.toString());
    assertEquals(1500, eth0.mtu());
    assertTrue(reaches(task, "172.17.0.1"));
    assertFalse(reaches(task, "10.0.0.8"));
    assertFalse(reaches(task, services.address(services.running("onnet", 2).getFirst(), "eth0")));
    assertEquals("", virtualIps("plain"));
    // Its neighbours on that bridge answer; the bridges of two nodes have nothing in common.
    Task neighbour = services.only("talker");
    Task beside =
        services.running("plain", 2).stream()
            .filter(other -> other.node().equals(neighbour.node()))
            .findFirst()
            .orElseThrow();
    assertTrue(reaches(beside, services.address(neighbour, "eth0")));
  }

  private String virtualIps(String service) {
    String format = "{{range .Endpoint.VirtualIPs}}{{.Addr}} {{end}}";
    return cluster.meshctl(List.of("service", "inspect", "--format", format, service)).strip();
  }

  @Test
  void withOnlyAPublishedPortItHasIngress() {
    List<Task> tasks = services.running("published", 2);
    Task task = tasks.getFirst();
    assertEquals(List.of("lo", "eth0", "eth1"), devices(task));
    String vip = virtualIps("published");
    assertTrue(vip.matches("10\\.0\\.0\\.\\d+/24"), vip);
    // On ingress only a node speaks with a task.
    assertFalse(reaches(task, services.address(tasks.getLast(), "eth0")));
    assertFalse(reaches(task, vip.replaceFirst("/.*", "")));
    assertTrue(device(task, "eth0").address().matches("10\\.0\\.0\\.\\d+/24"));
    assertTrue(device(task, "eth1").address().matches("172\\.18\\.0\\.\\d+/16"));
    for (String node : List.of("n1", "n2")) {
      assertFalse(cluster.page(node, 8081).isEmpty(), node);
    }
  }

  @Test
  void theWayOutWearsTheNodesAddress() throws Exception {
    Path log = cluster.state().resolve("outside.log");
    Process server =
        cluster.background(
            log, "client", "busybox", "httpd", "-f", "-vv", "-p", "192.0.2.1:8000", "-h", "/etc");
    try {
      for (String service : List.of("onnet", "plain", "published")) {
        Task task = services.running(service).getFirst();
        await()
            .atMost(Duration.ofSeconds(10))
            .until(
                () ->
                    services
                        .exec(task, "curl", "-fs", "-m", "3", "http://192.0.2.1:8000/hostname")
                        .out()
                        .equals("client"));
        String seen = Files.readString(log);
        assertTrue(seen.contains(Cluster.address(task.node())), service + " was seen as " + seen);
        assertFalse(seen.contains("172.1"), seen);
      }
    } finally {
      server.destroy();
    }
  }

  @Test
  void aTaskReachesThePublishedPortOfEveryNodeItsOwnToo() {
    Task task = services.running("onnet", 2).getFirst();
    for (String node : List.of("n1", "n2")) {
      String url = "http://" + Cluster.address(node) + ":8080/";
      assertFalse(services.exec(task, "curl", "-fsS", "-m", "5", url).orFail().isEmpty(), node);
    }
  }

  @Test
  void tasksDoNotMeetOverTheWayOut() {
    List<Task> tasks = services.running("onnet", 2);
    Task here = tasks.getFirst();
    services.running("published").stream()
        .filter(other -> other.node().equals(here.node()))
        .forEach(other -> assertFalse(reaches(here, services.address(other, "eth1"))));
  }

  @Test
  void execRunsInTheTaskAndGivesBackItsExitCode() {
    Task task = services.running("onnet", 2).getFirst();
    assertEquals("green", services.sh(task, "echo $COLOUR"));
    assertEquals(7, services.exec(task, "sh", "-c", "exit 7").exitCode());
    CommandResult both = services.exec(task, "sh", "-c", "echo out; echo err >&2");
    assertEquals("out", both.out());
    assertEquals("err", both.err());
    // By name too, as docker ps shows it.
    String byName =
        cluster.meshctl(task.node(), "exec", task.name() + "." + task.id(), "hostname").orFail();
    assertFalse(byName.isEmpty());
  }

  @Test
  void execGivesATerminal() {
    Task task = services.running("onnet", 2).getFirst();
    // A keyboard that nobody touches: the end of the input would end the session.
    String said =
        cluster.sh(
            task.node(),
            "keys=$(mktemp -u); mkfifo $keys; exec 3<>$keys; rm $keys; script -qec 'stty rows 33"
                + " cols 77; meshctl exec -it "
                + task.id()
                + " sh -c \"tty; stty size\"' /dev/null <&3");
    assertTrue(said.matches("(?s).*/dev/pts/\\d+\\s+33 77"), said);
    assertEquals(
        "the input device is not a TTY",
        cluster.run(task.node(), "meshctl", "exec", "-it", task.id(), "true").err());
  }

  @Test
  void execElsewhereNamesTheNodeThatHasTheTask() {
    Task task = services.running("onnet", 2).getFirst();
    String other = task.node().equals("n1") ? "n2" : "n1";
    CommandResult result = cluster.meshctl(other, "exec", task.id(), "true");
    assertEquals(1, result.exitCode());
    assertTrue(result.err().contains(task.node()), result.err());
  }

  @Test
  void logsHaveBothStreamsOfTasksOnAnyNode() {
    String other = services.only("talker").node().equals("n1") ? "n2" : "n1";
    services.start(
        "elsewhere",
        List.of("--constraint", "node.hostname==" + other),
        "sh",
        "-c",
        "echo to stdout; echo to stderr >&2; sleep 1000000");
    for (String service : List.of("talker", "elsewhere")) {
      await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () -> {
                CommandResult logs = cluster.meshctl("n1", "service", "logs", service);
                return logs.out().contains("to stdout") && logs.err().contains("to stderr");
              });
    }
  }

  @Test
  void psShowsTheTasksOfThisNodeAlone() {
    Task task = services.running("onnet", 2).getFirst();
    String other = task.node().equals("n1") ? "n2" : "n1";
    String name = task.name() + "." + task.id();
    assertTrue(psNames(task.node()).contains(name));
    String head = cluster.meshctl(task.node(), "ps").orFail().lines().toList().getFirst();
    assertTrue(head.matches("CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES"), head);
    assertFalse(psNames(other).contains(name));
  }

  @Test
  void anEndpointThatSomebodyElseRunsJoinsTheNetwork() {
    cluster.sh("n2", "ip netns add mine && ip -n mine link set lo up");
    cluster
        .meshctl("n2", "endpoint", "attach", "--network", "net", "--netns", "/run/netns/mine")
        .orFail();
    Task peer =
        services.running("onnet", 2).stream()
            .filter(task -> task.node().equals("n1"))
            .findFirst()
            .orElseThrow();
    String address = services.address(peer, "eth0");
    await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () ->
                cluster
                    .run("n2", "ip", "netns", "exec", "mine", "ping", "-c", "1", "-W", "1", address)
                    .ok());
    String id =
        cluster
            .meshctl("n2", "endpoint", "ls", "--format", "{{.ID}}")
            .orFail()
            .lines()
            .toList()
            .getFirst();
    cluster.meshctl("n2", "endpoint", "detach", id).orFail();
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> !cluster.run("n2", "ip", "-n", "mine", "link", "show", "eth0").ok());
  }

  @Test
  void networkInspectShowsWhatIsAttachedOnThisNode() {
    for (Task task : services.running("onnet", 2)) {
      String format =
          "{{range .Containers}}{{.Name}} {{.IPv4Address}} {{.MacAddress}}{{println}}{{end}}";
      String attached =
          cluster.meshctl(task.node(), "network", "inspect", "--format", format, "net").orFail();
      String address = services.addressWithPrefix(task, "eth0");
      assertTrue(
          attached
              .lines()
              .toList()
              .contains(task.name() + "." + task.id() + " " + address + " " + macOf(address)),
          attached);
    }
  }

  private List<String> psNames(String node) {
    return cluster.meshctl(node, "ps", "--format", "{{.Names}}").orFail().lines().toList();
  }

  private boolean reaches(Task task, String address) {
    return services.exec(task, "ping", "-c", "1", "-W", "1", address).ok();
  }

  private List<String> devices(Task task) {
    return services
        .sh(task, "ip -o link show")
        .lines()
        .map(line -> line.replaceFirst("^\\d+: ([^:@]+).*", "$1"))
        .toList();
  }

  private Interface device(Task task, String name) {
    String link = services.sh(task, "ip -o link show dev " + name);
    String address = services.sh(task, "ip -4 -o addr show dev " + name);
    return new Interface(
        group(address, "inet ([0-9./]+)"),
        group(address, "brd ([0-9.]+)"),
        group(link, "link/ether ([0-9a-f:]+)"),
        Integer.parseInt(group(link, "mtu (\\d+)")));
  }

  private static String group(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertTrue(matcher.find(), pattern + " in " + text);
    return matcher.group(1);
  }

  /** 02:42 and the address in hex. */
  private static String macOf(String address) {
    StringBuilder mac = new StringBuilder("02:42");
    for (String part : Pattern.compile("\\.").split(address.replaceFirst("/.*", ""), -1)) {
      mac.append(String.format(":%02x", Integer.parseInt(part)));
    }
    return mac.toString();
  }

  private record Interface(String address, String broadcast, String mac, int mtu) {}
}
