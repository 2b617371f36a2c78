package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/**
 * Containers that somebody runs with docker, on networks of the swarm.
 *
 * <p>Longer than most: the rows go on with each other's containers, and count what is left of them.
 */
@SharesCluster(SharesCluster.Shape.DOCKER)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DockerNetworkTest {
  private static final Duration PATIENCE = Duration.ofSeconds(40);
  private static final boolean LONG = Boolean.getBoolean("meshd.long");
  private static final List<String> NODES = List.of("n1", "n2");

  private final Cluster cluster = Cluster.shared(DockerNetworkTest.class);
  private final Services services = new Services(cluster);

  @BeforeAll
  void networks() {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "--attachable", "mynet"));
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "--attachable", "other"));
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "closed"));
    for (String node : NODES) {
      create(node, "-o", "mesh.network=mynet", "mynet").orFail();
      // By the subnet, and by its own name alone.
      String subnet = "10.0.2.0/24";
      create(node, "--subnet", subnet, "other").orFail();
    }
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  private CommandResult docker(String node, String... args) {
    return cluster.engine(node, args);
  }

  private CommandResult create(String node, String... args) {
    List<String> line =
        new ArrayList<>(List.of("network", "create", "-d", "meshd", "--ipam-driver", "meshd"));
    line.addAll(List.of(args));
    return docker(node, line.toArray(String[]::new));
  }

  /** A container that only waits, and goes at once when it is told to. */
  private void run(String node, String name, String... options) {
    List<String> line =
        new ArrayList<>(List.of("run", "-d", "--stop-signal", "KILL", "--name", name));
    line.addAll(List.of(options));
    line.addAll(List.of("busybox", "sleep", "1000000"));
    docker(node, line.toArray(String[]::new)).orFail();
  }

  private String in(String node, String container, String script) {
    return docker(node, "exec", container, "sh", "-c", script).orFail();
  }

  private boolean reaches(String node, String container, String target) {
    return docker(node, "exec", container, "ping", "-c", "1", "-W", "1", target).ok();
  }

  private void awaitReached(String node, String container, String target) {
    await()
        .alias(container + " reaches " + target)
        .atMost(PATIENCE)
        .until(() -> reaches(node, container, target));
  }

  private String address(String node, String container, String network) {
    String format = "{{(index .NetworkSettings.Networks \"" + network + "\").IPAddress}}";
    return docker(node, "inspect", "-f", format, container).orFail().strip();
  }

  private void remove(String node, String... containers) {
    List<String> line = new ArrayList<>(List.of("rm", "-f"));
    line.addAll(List.of(containers));
    docker(node, line.toArray(String[]::new)).orFail();
  }

  /** All that there is of containers on networks of the swarm. */
  private record Inventory(int endpoints, List<Integer> bound, List<Integer> devices) {
    static final Inventory NONE = new Inventory(0, List.of(0, 0), List.of(0, 0));
  }

  private Inventory inventory() {
    long endpoints = cluster.meshctl(List.of("endpoint", "ls")).lines().skip(1).count();
    return new Inventory(
        (int) endpoints,
        NODES.stream().map(this::bound).toList(),
        NODES.stream().map(this::devices).toList());
  }

  private int bound(String node) {
    try {
      JsonNode file =
          Json.MAPPER.readTree(
              Files.readAllBytes(
                  cluster.state().resolve(node).resolve("data/docker-networks.json")));
      return file.path("endpoints").size();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** In the node's own namespace, and not in a container. */
  private int devices(String node) {
    return (int)
        cluster.sh(node, "ip -o link").lines().filter(line -> line.contains(": mt")).count();
  }

  private void awaitInventory(Inventory wanted) {
    await()
        .alias("what is left of containers")
        .atMost(PATIENCE)
        .untilAsserted(() -> assertEquals(wanted, inventory()));
  }

  @Test
  @Order(1)
  void containersOfTwoNodesReachEachOther() {
    run("n1", "one", "--network", "mynet");
    run("n2", "two", "--network", "mynet", "--network-alias", "second");
    String two = address("n2", "two", "mynet");
    String hex =
        String.format(
            "%02x:%02x:%02x:%02x",
            Arrays.stream(two.split("\\.", -1)).map(Integer::valueOf).toArray());
    String link = in("n2", "two", "ip addr show dev eth0");
    assertTrue(link.contains("02:42:" + hex) && link.contains("mtu 1450"), link);
    awaitReached("n1", "one", two);
    assertEquals(new Inventory(2, List.of(1, 1), List.of(0, 0)), inventory());
  }

  @Test
  @Order(2)
  void namesAndVirtualIpsAreThoseOfTheSwarm() {
    services.create(
        "web", List.of("--network", "mynet", "--replicas", "2"), Cluster.pageServer(), "80");
    for (String name : List.of("two", "second", "two.mynet")) {
      awaitReached("n1", "one", name);
    }
    String page = in("n1", "one", "wget -q -O - http://web/");
    assertTrue(page.startsWith("task "), page);
    assertTrue(in("n1", "one", "ping -c 1 -W 2 web").contains(" 0% packet loss"));
    assertFalse(reaches("n1", "one", "nobody"));
    // And a task finds the containers.
    Task task = services.running("web").getFirst();
    String out = services.sh(task, "ping -c 1 -W 2 second && ping -c 1 -W 2 one");
    assertTrue(out.contains(" 0% packet loss"), out);
    // Whoever is on no network of the swarm has its names from the same resolver, and none of ours.
    assertFalse(docker("n1", "run", "--rm", "busybox", "nslookup", "web").ok());
  }

  @Test
  @Order(2)
  void onANetworkWithIpv6ContainersHaveThatToo() {
    cluster.meshctl(
        List.of("network", "create", "--driver", "overlay", "--attachable", "--ipv6", "both"));
    for (String node : NODES) {
      create(node, "both").orFail();
      run(node, "six-" + node, "--network", "both");
    }
    String format = "{{(index .NetworkSettings.Networks \"both\").GlobalIPv6Address}}";
    String here = docker("n1", "inspect", "-f", format, "six-n1").orFail();
    assertTrue(in("n1", "six-n1", "ip -6 addr show dev eth0").contains(here.strip() + "/64"));
    await()
        .atMost(PATIENCE)
        .until(() -> docker("n2", "exec", "six-n2", "ping", "-6", "-c", "1", "six-n1").ok());
    cluster.kill("n1");
    cluster.start("n1");
    await()
        .atMost(PATIENCE)
        .until(() -> docker("n1", "exec", "six-n1", "ping", "-6", "-c", "1", "six-n2").ok());
    for (String node : NODES) {
      remove(node, "six-" + node);
      docker(node, "network", "rm", "both").orFail();
    }
    cluster.meshctl(List.of("network", "rm", "both"));
    awaitInventory(new Inventory(2, List.of(1, 1), List.of(0, 0)));
  }

  @Test
  @Order(3)
  void aContainerJoinsAnotherNetworkAndLeavesIt() {
    docker("n1", "network", "connect", "--ip", "10.0.2.77", "other", "one").orFail();
    run("n2", "elsewhere", "--network", "other");
    assertEquals("10.0.2.77", address("n1", "one", "other"));
    awaitReached("n1", "one", "elsewhere");
    awaitReached("n1", "one", "two");
    assertFalse(reaches("n2", "elsewhere", "two"));
    docker("n1", "network", "disconnect", "mynet", "one").orFail();
    assertFalse(reaches("n1", "one", "two"));
    awaitReached("n1", "one", "elsewhere");
    docker("n1", "network", "connect", "mynet", "one").orFail();
    docker("n1", "network", "disconnect", "other", "one").orFail();
    remove("n2", "elsewhere");
    awaitReached("n1", "one", "two");
    awaitInventory(new Inventory(2, List.of(1, 1), List.of(0, 0)));
  }

  @Test
  @Order(4)
  void aRestartGivesAnotherAddressAndTheSameName() {
    String before = address("n2", "two", "mynet");
    docker("n2", "restart", "-t", "1", "two").orFail();
    assertNotEquals(before, address("n2", "two", "mynet"));
    awaitReached("n1", "one", "second");
    docker("n2", "rename", "two", "deux").orFail();
    awaitReached("n1", "one", "deux");
    await().atMost(PATIENCE).until(() -> !reaches("n1", "one", "two"));
    docker("n2", "rename", "deux", "two").orFail();
    awaitReached("n1", "one", "two");
  }

  @Test
  @Order(5)
  void whatCannotBeIsRefusedInASentence() {
    refused(
        "network closed not manually attachable", create("n1", "-o", "mesh.network=closed", "c"));
    refused("network nowhere not found", create("n1", "-o", "mesh.network=nowhere", "n"));
    refused(
        "a network of the driver meshd has its addresses from the swarm",
        docker("n1", "network", "create", "-d", "meshd", "m"));
    refused("no network of the swarm has the subnet", create("n1", "--subnet", "10.9.0.0/24", "s"));
    refused(
        "has its IPv6 from the swarm", create("n1", "--ipv6", "-o", "mesh.network=mynet", "v6"));
    String taken = address("n2", "two", "mynet");
    // By its own name alone it is only known when it is used.
    create("n1", "closed").orFail();
    refused(
        "network closed not manually attachable",
        docker("n1", "run", "--rm", "--network", "closed", "busybox", "true"));
    docker("n1", "network", "rm", "closed").orFail();
    docker("n1", "network", "connect", "other", "one").orFail();
    refused(
        "Address already in use",
        docker(
            "n2",
            "run",
            "--rm",
            "--network",
            "other",
            "--ip",
            address("n1", "one", "other"),
            "busybox",
            "true"));
    docker("n1", "network", "disconnect", "other", "one").orFail();
    assertFalse(cluster.meshctl("n1", "network", "rm", "mynet").ok(), "it is in use by " + taken);
    awaitInventory(new Inventory(2, List.of(1, 1), List.of(0, 0)));
  }

  private static void refused(String words, CommandResult result) {
    assertFalse(result.ok(), result.command());
    assertTrue(result.err().contains(words), result.err());
    assertFalse(result.err().contains("Exception"), result.err());
  }

  @Test
  @Order(6)
  void meshdDiesAndItsContainersGoOn() {
    cluster.kill("n2");
    cluster.start("n2");
    awaitReached("n1", "one", "two");
    awaitReached("n2", "two", "one");
    cluster.stop("n1");
    cluster.start("n1");
    awaitReached("n1", "one", "two");
    assertEquals(new Inventory(2, List.of(1, 1), List.of(0, 0)), inventory());
  }

  @Test
  @Order(7)
  void whatWasStoppedWhileMeshdWasAwayIsCollected() {
    run("n2", "second", "--network", "mynet");
    cluster.kill("n2");
    // Docker asks a plugin that is away for 15 seconds each time.
    CompletableFuture<CommandResult> stopped =
        CompletableFuture.supplyAsync(() -> docker("n2", "stop", "-t", "0", "second"));
    docker("n2", "rm", "-f", "two").orFail();
    stopped.join().orFail();
    assertEquals(2, devices("n2"), "Docker has given the devices back");
    cluster.start("n2");
    awaitInventory(new Inventory(1, List.of(1, 0), List.of(0, 0)));
    docker("n2", "start", "second").orFail();
    awaitReached("n2", "second", "one");
    remove("n2", "second");
    awaitInventory(new Inventory(1, List.of(1, 0), List.of(0, 0)));
  }

  /** Without live-restore Docker's daemon ends its containers when it comes back. */
  @Test
  @Order(8)
  void dockerdDiesAndComesBack() {
    run("n2", "two", "--network", "mynet", "--restart", "always");
    cluster.script("kill", "--docker", "n2").orFail();
    cluster.script("start", "--docker", "n2").orFail();
    awaitReached("n1", "one", "two");
    awaitInventory(new Inventory(2, List.of(1, 1), List.of(0, 0)));
    cluster.script("stop", "--docker", "n2").orFail();
    cluster.kill("n2");
    cluster.start("n2");
    cluster.script("start", "--docker", "n2").orFail();
    awaitReached("n1", "one", "two");
    awaitInventory(new Inventory(2, List.of(1, 1), List.of(0, 0)));
  }

  @Test
  @Order(9)
  void aNodeWithoutPowerComesBackWithItsContainers() {
    cluster.cutPower("n2");
    cluster.start("n2");
    awaitReached("n1", "one", "two");
    awaitInventory(new Inventory(2, List.of(1, 1), List.of(0, 0)));
    remove("n2", "two");
    remove("n1", "one");
    awaitInventory(Inventory.NONE);
  }

  @Test
  @Order(10)
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void nothingIsLeftOfManyContainers() {
    run("n1", "one", "--network", "mynet");
    String one = address("n1", "one", "mynet");
    for (int i = 0; i < (LONG ? 200 : 10); i++) {
      docker(
              "n2",
              "run",
              "--rm",
              "--network",
              "mynet",
              "busybox",
              "ping",
              "-c",
              "3",
              "-i",
              "0.3",
              "-W",
              "1",
              one)
          .orFail();
    }
    awaitInventory(new Inventory(1, List.of(1, 0), List.of(0, 0)));
  }

  @Test
  @Order(11)
  void manyAtOnce() {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<CompletableFuture<CommandResult>> runs =
          IntStream.range(0, LONG ? 50 : 10)
              .mapToObj(
                  i ->
                      CompletableFuture.supplyAsync(
                          () ->
                              docker(
                                  NODES.get(i % 2),
                                  "run",
                                  "--rm",
                                  "--network",
                                  "mynet",
                                  "busybox",
                                  "ping",
                                  "-c",
                                  "5",
                                  "-i",
                                  "0.5",
                                  "-W",
                                  "1",
                                  "one"),
                          threads))
              .toList();
      runs.forEach(run -> run.join().orFail());
    }
    awaitInventory(new Inventory(1, List.of(1, 0), List.of(0, 0)));
  }

  @Test
  @Order(12)
  void aContainerThatForgesItsAddressesIsContained() {
    String one = address("n1", "one", "mynet");
    run("n2", "victim", "--network", "mynet");
    run("n2", "forger", "--network", "mynet", "--cap-add", "NET_ADMIN");
    String victim = address("n2", "victim", "mynet");
    awaitReached("n2", "forger", one);
    long ip = counter("spoofed_ip");
    in("n2", "forger", "ip addr add " + victim + "/32 dev eth0");
    assertFalse(
        docker("n2", "exec", "forger", "ping", "-c", "3", "-W", "1", "-I", victim, one).ok());
    assertTrue(counter("spoofed_ip") > ip);
    long mac = counter("spoofed_mac");
    in("n2", "forger", "ip link set dev eth0 address 02:42:0a:00:01:fe");
    assertFalse(reaches("n2", "forger", one));
    assertTrue(counter("spoofed_mac") > mac);
    awaitReached("n2", "victim", one);
    remove("n2", "victim", "forger");
    remove("n1", "one");
    awaitInventory(Inventory.NONE);
  }

  @Test
  @Order(13)
  void aContainerThatFloodsIsContainedAndCounted() {
    String archive = cluster.script("lib/docker-image", "flood", "iperf3").orFail();
    NODES.forEach(node -> docker(node, "load", "--quiet", "--input", archive).orFail());
    docker("n1", "run", "-d", "--name", "sink", "--network", "mynet", "flood", "iperf3", "-s")
        .orFail();
    docker(
            "n2",
            "run",
            "-d",
            "--stop-signal",
            "KILL",
            "--name",
            "flooder",
            "--network",
            "mynet",
            "--cap-add",
            "NET_ADMIN",
            "flood",
            "sleep",
            "1000")
        .orFail();
    run("n1", "one", "--network", "mynet");
    run("n2", "bystander", "--network", "mynet");
    String one = address("n1", "one", "mynet");
    awaitReached("n2", "bystander", one);
    awaitReached("n2", "flooder", "sink");
    // As fast as it can, to a neighbour on another node.
    in("n2", "flooder", "(timeout 30 iperf3 -u -b 0 -l 64 -t 25 -c sink >/dev/null 2>&1 &)");
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertTrue(packets("n2", "flooder") > 50_000, "no flood"));
    served("bystander", one);
    // And to nobody.
    long unknown = counter("unknown_mac");
    in("n2", "flooder", "arp -s " + address("n1", "sink", "mynet") + " 02:42:0a:00:01:fe");
    await().atMost(PATIENCE).until(() -> counter("unknown_mac") > unknown + 10_000);
    served("bystander", one);
    remove("n2", "flooder", "bystander");
    remove("n1", "sink", "one");
    awaitInventory(Inventory.NONE);
  }

  private long packets(String node, String container) {
    return Long.parseLong(in(node, container, "cat /sys/class/net/eth0/statistics/tx_packets"));
  }

  /** Four of five at least: a queue in the node's kernel may be full of somebody else's. */
  private void served(String container, String target) {
    String said = docker("n2", "exec", container, "ping", "-c", "5", "-W", "2", target).out();
    assertTrue(said.contains("5 packets received") || said.contains("4 packets received"), said);
  }

  private long counter(String name) {
    return cluster
        .meshctl("n2", "counters")
        .orFail()
        .lines()
        .filter(line -> line.matches(".*\\b" + name + "\\s.*"))
        .mapToLong(line -> Long.parseLong(line.replaceFirst(".*\\s", "")))
        .sum();
  }
}
