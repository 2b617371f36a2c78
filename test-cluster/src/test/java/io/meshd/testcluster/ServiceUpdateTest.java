package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What an update does to a service's tasks, names and addresses; and the way back. */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ServiceUpdateTest {
  /** That have tasks. */
  private static final List<String> NODES = List.of("n1", "n2");

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** In which a change is to be seen on every node. */
  private static final Duration VISIBLE = Duration.ofSeconds(1);

  private final Cluster cluster = Cluster.shared(ServiceUpdateTest.class);
  private final Services services = new Services(cluster);

  @BeforeAll
  void networksAndAskers() {
    cluster.meshctl(List.of("node", "update", "--availability", "pause", "n3"));
    for (String network : List.of("front", "back")) {
      cluster.meshctl(List.of("network", "create", "--driver", "overlay", network));
      sleepers(network + "-asker", "--network", network, "--mode", "global");
    }
    services.converged("front-asker", "back-asker");
  }

  /** On the first network, and looked after for a second when it has changed, and not for five. */
  private static List<String> watched(String... options) {
    List<String> all = new ArrayList<>(List.of("--network", "front"));
    all.addAll(List.of("--update-monitor", "1s", "--rollback-monitor", "1s"));
    all.addAll(List.of(options));
    return all;
  }

  private void sleepers(String name, String... options) {
    services.start(name, List.of(options), "sleep", "1000000");
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void networksComeAndGoWithNewTasksAndTheirNames() {
    services.create(
        "moves", List.of("--network", "back", "--replicas", "2"), Cluster.pageServer(), "80");
    awaitName("back", "moves", vips("moves"));

    List<Task> both = services.update("moves", "--network-add", "front");
    for (Task task : both) {
      assertTrue(services.addressWithPrefix(task, "eth0").matches(subnet("back")), "eth0");
      assertTrue(services.addressWithPrefix(task, "eth1").matches(subnet("front")), "eth1");
      assertTrue(services.addressWithPrefix(task, "eth2").matches("172\\.18\\..*/16"), "eth2");
    }
    List<String> vips = vips("moves");
    assertEquals(2, vips.size(), vips.toString());
    awaitName("back", "moves", vips.subList(0, 1));
    awaitName("front", "moves", vips.subList(1, 2));

    for (Task task : services.update("moves", "--network-rm", "back")) {
      assertTrue(services.addressWithPrefix(task, "eth0").matches(subnet("front")), "eth0");
      assertTrue(services.addressWithPrefix(task, "eth1").matches("172\\.18\\..*/16"), "eth1");
    }
    assertEquals(vips.subList(1, 2), vips("moves"), "the other network's VIP stays");
    awaitName("back", "moves", List.of());
    awaitName("front", "moves", vips.subList(1, 2));
    assertEquals(2, pages("front", "moves").size());

    for (Task task : services.update("moves", "--network-rm", "front")) {
      assertTrue(services.addressWithPrefix(task, "eth0").matches("172\\.17\\..*/16"), "eth0");
    }
    assertEquals(List.of(), vips("moves"));
    awaitName("front", "moves", List.of());
    String history = cluster.meshctl(List.of("service", "ps", "moves"));
    for (int slot = 1; slot <= 2; slot++) {
      String old = " \\\\_ moves\\." + slot + " .* Shutdown +Shutdown .*";
      assertEquals(
          3, history.lines().filter(line -> line.matches("\\S+ +" + old)).count(), history);
    }
    cluster.meshctl(List.of("service", "rm", "moves"));
  }

  @Test
  void theEndpointModeOfALiveServiceChangesItsNamesAndNotItsTasks() {
    services.create(
        "turns", List.of("--network", "front", "--replicas", "2"), Cluster.pageServer(), "80");
    List<Task> tasks = services.running("turns", 2);
    List<String> addresses =
        tasks.stream().map(task -> services.address(task, "eth0")).sorted().toList();
    List<String> vip = vips("turns");
    awaitName("front", "turns", vip);

    changesWithinASecond("turns", "dnsrr", addresses);
    assertEquals(List.of(), vips("turns"));
    assertEquals(2, pages("front", "turns").size());
    Task asker = services.running("front-asker", 2).getFirst();
    assertFalse(pings(asker, vip.getFirst()), "nobody has the virtual IP any more");

    CommandResult refused =
        cluster.meshctl("n1", "service", "update", "-d", "--publish-add", "8090:80", "turns");
    assertEquals(
        "Error response from daemon: rpc error: code = InvalidArgument desc = EndpointSpec: port"
            + " published with ingress mode can't be used with dnsrr mode",
        refused.err());

    changesWithinASecond("turns", "vip", null);
    assertEquals(1, vips("turns").size());
    assertTrue(pings(asker, "turns"));
    assertEquals(2, pages("front", "turns").size());
    assertEquals(tasks, services.running("turns", 2), "the tasks are not touched");
    cluster.meshctl(List.of("service", "rm", "turns"));
  }

  /**
   * On every node, counted from the moment at which the user's command ended.
   *
   * @param wanted the addresses, or null for the service's virtual IP
   */
  private void changesWithinASecond(
      String service, String mode, @org.jspecify.annotations.Nullable List<String> wanted) {
    int count = wanted == null ? 1 : wanted.size();
    String seen = "[ $(dig +short " + service + " | wc -l) = " + count + " ]";
    String loop =
        "i=0; until " + seen + "; do sleep 0.02; i=$((i + 1)); [ $i -lt 500 ] || exit 1; done;";
    List<CompletableFuture<Long>> times =
        services.running("front-asker", 2).stream()
            .map(
                task ->
                    CompletableFuture.supplyAsync(
                        () -> Long.parseLong(services.sh(task, loop + " date +%s%3N")),
                        run -> Thread.ofVirtual().start(run)))
            .toList();
    cluster.meshctl(List.of("service", "update", "-d", "--endpoint-mode", mode, service));
    long told = System.currentTimeMillis();
    for (CompletableFuture<Long> time : times) {
      long late = time.join() - told;
      assertTrue(late < VISIBLE.toMillis(), mode + " was seen " + late + " ms late");
    }
    awaitName("front", service, wanted == null ? vips(service) : wanted);
  }

  @Test
  void whatAnUpdateMayChange() {
    services.create(
        "page",
        watched("--replicas", "2", "-e", "COLOUR=green", "-p", "8091:80"),
        Cluster.pageServer(),
        "80");
    for (Task task : services.update("page", "--env-add", "COLOUR=blue", "--env-add", "X=1")) {
      assertEquals("blue 1", services.sh(task, "echo $COLOUR $X"));
    }
    for (Task task : services.update("page", "--env-rm", "X")) {
      assertEquals("blue", services.sh(task, "echo $COLOUR$X"));
    }
    services.update("page", "--force");

    List<Task> before = services.running("page", 2);
    List<Task> stay = before.stream().filter(task -> task.node().equals("n2")).toList();
    assertEquals(1, stay.size(), before.toString());
    cluster.meshctl(
        List.of("service", "update", "-d", "--constraint-add", "node.hostname==n2", "page"));
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                services.running("page").stream().filter(t -> t.node().equals("n2")).count() == 2
                    && services.running("page").size() == 2);
    assertTrue(services.running("page").containsAll(stay), "who may stay is not touched");
    String said =
        cluster.meshctl(
            List.of("service", "update", "--constraint-rm", "node.hostname==n2", "page"));
    assertTrue(said.endsWith("verify: Service converged"), said);
    assertTrue(services.running("page").containsAll(stay));

    // The port that its targets listen on, by other arguments; one does not answer before it does.
    services.update("page", "--args", "81", "--publish-rm", "80", "--publish-add", "8091:81");
    NODES.forEach(
        node ->
            await()
                .atMost(Duration.ofSeconds(5))
                .until(() -> cluster.page(node, 8091).startsWith("task ")));
    cluster.meshctl(List.of("service", "rm", "page"));
  }

  @Test
  void aServiceGoesBackWhenItIsToldTo() {
    services.create("back", watched(), Cluster.pageServer(), "80");
    services.update("back", "--args", "81");
    String said = cluster.meshctl(List.of("service", "rollback", "back"));
    assertEquals(
        List.of(
            "back",
            "rollback: manually requested rollback",
            "overall progress: rolling back update: 0 out of 1 tasks"),
        said.lines().limit(3).toList());
    assertTrue(said.contains("overall progress: rolling back update: 1 out of 1 tasks"), said);
    assertTrue(said.endsWith("verify: Service converged"), said);
    awaitStatus("back", "rollback_completed rollback completed");
    assertEquals("[\"80\"]", arguments("back"));
    assertEquals(1, pages("front", "back").size());
    // A rollback of the rollback, Swarm's other spelling.
    CommandResult mixed =
        cluster.meshctl("n1", "service", "update", "--rollback", "--force", "back");
    assertEquals("other flags may not be combined with --rollback", mixed.err());
    cluster.meshctl(List.of("service", "update", "-d", "--rollback", "back"));
    await().atMost(PATIENCE).until(() -> arguments("back").equals("[\"81\"]"));
    awaitStatus("back", "rollback_completed rollback completed");
    cluster.meshctl(List.of("service", "rm", "back"));
  }

  @Test
  void anUpdateThatFailsGoesBackOrStops() {
    services.create(
        "frail", watched("--replicas", "2", "--update-delay", "2s"), Cluster.pageServer(), "80");
    List<Task> before = services.running("frail", 2);
    String failing = "no-port";
    CommandResult back =
        cluster.meshctl(
            "n1",
            "service",
            "update",
            "--update-failure-action",
            "rollback",
            "--update-monitor",
            "2s",
            "--args",
            failing,
            "frail");
    List<String> lines = back.out().lines().toList();
    assertTrue(
        lines.stream()
            .anyMatch(
                line ->
                    line.matches(
                        "rollback: update rolled back due to failure or early termination of task"
                            + " [a-z0-9]{25}")),
        back.out() + back.err());
    assertEquals("verify: Service converged", lines.getLast());
    assertEquals(0, back.exitCode(), back.err());
    assertEquals("[\"80\"]", arguments("frail"));
    awaitStatus("frail", "rollback_completed rollback completed");
    List<Task> after = services.running("frail", 2);
    assertTrue(after.stream().anyMatch(before::contains), "what it had not come to stays");

    CommandResult paused =
        cluster.meshctl(
            "n1",
            "service",
            "update",
            "-q",
            "--update-failure-action",
            "pause",
            "--args",
            failing,
            "frail");
    assertEquals(1, paused.exitCode());
    assertTrue(
        paused
            .err()
            .matches(
                "service update paused: update paused due to failure or early termination of task"
                    + " [a-z0-9]{25}"),
        paused.err());
    assertTrue(status("frail").startsWith("paused update paused due to failure"), status("frail"));
    assertEquals(1, pages("front", "frail").size(), "the other task answers on");
    String pretty = cluster.meshctl(List.of("service", "inspect", "--pretty", "frail"));
    assertTrue(pretty.matches("(?s).*UpdateStatus:\n State:\t\tpaused\n.*"), pretty);

    cluster.meshctl(List.of("service", "update", "-q", "--args", "80", "frail"));
    assertEquals(2, services.running("frail", 2).size());
    assertEquals(2, pages("front", "frail").size());
    cluster.meshctl(List.of("service", "rm", "frail"));
  }

  private String arguments(String service) {
    String format = "{{json .Spec.TaskTemplate.ContainerSpec.Args}}";
    return cluster.meshctl(List.of("service", "inspect", "--format", format, service)).strip();
  }

  private String status(String service) {
    String format = "{{.UpdateStatus.State}} {{.UpdateStatus.Message}}";
    return cluster.meshctl(List.of("service", "inspect", "--format", format, service)).strip();
  }

  private void awaitStatus(String service, String status) {
    await().atMost(PATIENCE).until(() -> status(service).equals(status));
  }

  private List<String> vips(String service) {
    String format = "{{range .Endpoint.VirtualIPs}}{{.Addr}} {{end}}";
    String said = cluster.meshctl(List.of("service", "inspect", "--format", format, service));
    return said.isBlank()
        ? List.of()
        : List.of(said.strip().replaceAll("/\\d+", "").split(" +", -1));
  }

  private static String subnet(String network) {
    return network.equals("front") ? "10\\.0\\.1\\.\\d+/24" : "10\\.0\\.2\\.\\d+/24";
  }

  /** What the name means to a task on the network, on every node. */
  private void awaitName(String network, String name, List<String> addresses) {
    for (Task task : services.running(network + "-asker", 2)) {
      await()
          .alias(name + " on " + network + " of " + task.node())
          .atMost(Duration.ofSeconds(5))
          .until(() -> dig(task, name).equals(addresses));
    }
  }

  private List<String> dig(Task task, String name) {
    return services.exec(task, "dig", "+short", name).out().lines().sorted().toList();
  }

  private boolean pings(Task task, String name) {
    return services.exec(task, "ping", "-c", "1", "-W", "1", name).ok();
  }

  /** Who answers twelve requests by name, from every node; none may fail. */
  private Set<String> pages(String network, String name) {
    String loop = "for i in $(seq 12); do curl -sf -m 5 http://" + name + "/ || exit 1; done";
    List<String> answers = new ArrayList<>();
    for (Task task : services.running(network + "-asker", 2)) {
      answers.addAll(services.sh(task, loop).lines().toList());
    }
    return answers.stream().collect(Collectors.toCollection(TreeSet::new));
  }
}
