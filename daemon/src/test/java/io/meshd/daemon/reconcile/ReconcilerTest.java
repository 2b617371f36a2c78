package io.meshd.daemon.reconcile;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.linux.Problems;
import io.meshd.daemon.linux.ScratchNamespaces;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import io.meshd.daemon.tasks.TaskStatus;
import io.meshd.dataplane.sys.Netns;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two nodes, everything real but the leader. */
@Timeout(120)
class ReconcilerTest {
  private final TestCluster cluster = new TestCluster();
  private ScratchNamespaces scratch;
  private ReconcileNode n1;
  private ReconcileNode n2;
  private String net;

  @BeforeEach
  void setUp() throws Exception {
    scratch = new ScratchNamespaces();
    Path h1 = scratch.make("h1");
    Path h2 = scratch.make("h2");
    ReconcileNode.join(h1, "10.99.0.1", h2, "10.99.0.2");
    cluster.node("n1", "10.99.0.1");
    cluster.node("n2", "10.99.0.2");
    net = cluster.network(1, Map.of());
    n1 = new ReconcileNode(cluster, scratch.folder(), h1, "n1", "10.99.0.1");
    n2 = new ReconcileNode(cluster, scratch.folder(), h2, "n2", "10.99.0.2");
    n1.start();
    n2.start();
  }

  @AfterEach
  void tearDown() throws Exception {
    Problems problems = new Problems();
    problems.attempt(n1::close);
    problems.attempt(n2::close);
    problems.attempt(scratch::close);
    problems.throwIfAny();
  }

  @Test
  void theFirstPacketOfATaskReachesATaskOnAnotherNode() {
    running(task("n2", "10.0.1.3", "sleep", "1000"));
    String ping = task("n1", "10.0.1.4", "ping", "-c", "1", "-W", "2", "10.0.1.3");
    awaitState(ping, TaskState.COMPLETE);
    String gateway = task("n1", "10.0.1.5", "ping", "-c", "1", "-W", "2", "10.0.1.1");
    awaitState(gateway, TaskState.COMPLETE);
  }

  @Test
  void aTaskSeesWhatSwarmWouldShowIt() throws Exception {
    String task = task("n1", "10.0.1.3", "sleep", "1000");
    running(task);
    String view = ip(n1.tasks().netns(task), "address");
    assertTrue(view.contains("inet 10.0.1.3/24 brd 10.0.1.255 scope global eth0"), view);
    assertTrue(view.contains("02:42:0a:00:01:03"), view);
    assertTrue(view.contains("inet 172.18.0.2/16 brd 172.18.255.255 scope global eth1"), view);
    assertTrue(view.contains("mtu 1450") && view.contains("mtu 1500"), view);
    String node = ip(n1.nodeNetns(), "address");
    assertTrue(node.contains("inet 10.0.1.1/24"), node);
    assertTrue(node.contains("02:42:0a:00:01:01"), node);
  }

  @Test
  void everyNodeAnswersAPublishedPort() throws Exception {
    Path pages = Files.createDirectories(scratch.folder().resolve("pages"));
    Files.writeString(pages.resolve("index.html"), "it works\n");
    cluster.nodeAddress("n1", net, "10.0.1.2");
    cluster.nodeAddress("n2", net, "10.0.1.3");
    cluster.service("web", TestCluster.port("tcp", 80, 8080, "ingress"));
    String web =
        task("n2", "10.0.1.4", "busybox", "httpd", "-f", "-p", "80", "-h", pages.toString());
    running(web);
    for (Path host : List.of(n1.host, n2.host)) {
      await().atMost(Duration.ofSeconds(10)).until(() -> "it works\n".equals(get(host, 8080)));
    }
    String node = ip(n1.nodeNetns(), "address");
    assertTrue(node.contains("inet 10.0.1.2/32"), node);
  }

  @Test
  void aTaskThatEndsIsReportedAndItsDevicesGo() {
    String task = task("n1", "10.0.1.3", "sh", "-c", "exit 3");
    TaskRecord record = awaitState(task, TaskState.FAILED);
    assertEquals("task: non-zero exit (3)", record.status().err());
    assertEquals(3, record.status().exitCode());
    awaitGone(n1, task);
    assertNotNull(n1.tasks().status(task));
    cluster.removeTask(task);
    await().atMost(Duration.ofSeconds(10)).until(() -> n1.tasks().status(task) == null);
    // With its last task a network goes from the node.
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> !ip(n1.nodeNetns(), "link").contains(OverlayNetwork.NODE_DEVICE_PREFIX));
  }

  @Test
  void aTaskThatEndsWhileNoLeaderHearsOfItRunsAgainAsTheSameTask() throws Exception {
    String task = task("n1", "10.0.1.3", "sh", "-c", "echo run; sleep 1000");
    int first = Objects.requireNonNull(running(task).status().pid());
    cluster.leader(false);
    kill(first);
    int second = awaitOther(task, first);
    String ping = task("n2", "10.0.1.4", "ping", "-c", "1", "-W", "2", "10.0.1.3");
    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () -> {
              TaskStatus status = n2.tasks().status(ping);
              assertEquals(0, status == null ? null : status.exitCode());
            });
    assertEquals(List.of("run", "run"), output(task));

    // Also by a daemon that finds it ended.
    n1.stop();
    kill(second);
    n1.start();
    int third = awaitOther(task, second);
    assertEquals(first, Objects.requireNonNull(cluster.taskRecord(task)).status().pid());

    // A leader that comes back never hears of the ends, and of the next one it does.
    cluster.leader(true);
    await()
        .atMost(Duration.ofSeconds(15))
        .until(
            () -> Objects.requireNonNull(cluster.taskRecord(task)).status().pid(),
            pid -> Objects.equals(pid, third));
    kill(third);
    awaitState(task, TaskState.FAILED);
    awaitGone(n1, task);
  }

  private int awaitOther(String task, int pid) {
    return Objects.requireNonNull(
        await()
            .atMost(Duration.ofSeconds(25))
            .pollInterval(Duration.ofMillis(50))
            .until(
                () -> {
                  TaskStatus status = n1.tasks().status(task);
                  return status == null ? null : status.pid();
                },
                now -> now != null && now != pid));
  }

  private List<String> output(String task) throws Exception {
    List<String> lines = new ArrayList<>();
    n1.tasks()
        .logs(
            task, -1, false, (stderr, line) -> lines.add(new String(line, StandardCharsets.UTF_8)));
    return lines;
  }

  private static void kill(int pid) {
    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
  }

  @Test
  void aTaskIsShutDownWhenItIsNotDesiredAnyMore() {
    String task = task("n1", "10.0.1.3", "sleep", "1000");
    running(task);
    cluster.desire(task, TaskState.SHUTDOWN);
    awaitState(task, TaskState.SHUTDOWN);
    awaitGone(n1, task);
  }

  @Test
  void aReadyTaskWaitsUntilItMayRun() {
    String task =
        cluster.task(
            "n1",
            "web",
            TaskState.READY,
            TestCluster.spec("process", "sleep", "1000"),
            List.of(TestCluster.attachment(net, "10.0.1.3")));
    awaitState(task, TaskState.PREPARING);
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> ip(n1.tasks().netns(task), "address").contains("10.0.1.3/24"));
    cluster.desire(task, TaskState.RUNNING);
    running(task);
  }

  @Test
  void aTaskThatThisNodeCannotRunIsRejected() {
    String task =
        cluster.task(
            "n1", "web", TaskState.RUNNING, TestCluster.spec("unknown", "true"), List.of());
    assertEquals(
        "this node has no runtime for tasks of kind \"unknown\"",
        awaitState(task, TaskState.REJECTED).status().err());
  }

  @Test
  void connectionsGoOnThroughARestart() throws Exception {
    String a = task("n1", "10.0.1.3", "sleep", "1000");
    String b = task("n2", "10.0.1.4", "sleep", "1000");
    int pid = Objects.requireNonNull(running(a).status().pid());
    running(b);
    try (ServerSocket server = Netns.call(n1.tasks().netns(a), () -> new ServerSocket(80));
        Socket client =
            Netns.call(
                n2.tasks().netns(b),
                () -> {
                  Socket socket = new Socket();
                  socket.connect(new InetSocketAddress("10.0.1.3", 80), 5000);
                  return socket;
                });
        Socket accepted = server.accept()) {
      client.setSoTimeout(10_000);
      echo(client, accepted, "before");
      n1.stop();
      client.getOutputStream().write("while away\n".getBytes(StandardCharsets.UTF_8));
      n1.start();
      accepted.setSoTimeout(10_000);
      assertEquals("while away", read(accepted));
      echo(accepted, client, "after");
      String view = ip(n1.tasks().netns(a), "address");
      assertTrue(view.contains("10.0.1.3/24") && view.contains("172.18.0.2/16"), view);
      assertEquals(pid, Objects.requireNonNull(n1.tasks().status(a)).pid());
    }
  }

  @Test
  void aTaskReplacedWhileItsNodeWasAwayIsEndedAndNotForwardedFor() throws Exception {
    String old = task("n1", "10.0.1.3", "sh", "-c", "trap '' TERM; while :; do sleep 1; done");
    int pid = Objects.requireNonNull(running(old).status().pid());
    String peer = task("n2", "10.0.1.4", "sleep", "1000");
    running(peer);
    n1.stop();
    cluster.desire(old, TaskState.SHUTDOWN);
    running(task("n2", "10.0.1.5", "sleep", "1000"));
    assertTrue(ProcessHandle.of(pid).isPresent());
    n1.start();
    // It ignores its stop signal for the whole grace, but is cut off from the start.
    assertEquals(
        1,
        ScratchNamespaces.in(n1.tasks().netns(old), "/bin/ping", "-c", "1", "-W", "1", "10.0.1.4")
            .exit());
    awaitState(old, TaskState.SHUTDOWN);
    assertFalse(ProcessHandle.of(pid).isPresent());
    awaitGone(n1, old);
  }

  @Test
  void anOldStateNeitherStartsNorEndsAnything() {
    ClusterState before = cluster.state();
    String ended = task("n1", "10.0.1.3", "true");
    ClusterState then = cluster.state();
    awaitState(ended, TaskState.COMPLETE);
    cluster.removeTask(ended);
    await().atMost(Duration.ofSeconds(10)).until(() -> n1.tasks().status(ended) == null);
    String young = task("n1", "10.0.1.4", "sleep", "1000");
    running(young);
    for (ClusterState old : List.of(before, then)) {
      n1.reconciler().onState(old);
      // Its forwarding is that of the old state: so the pass has been made.
      await()
          .atMost(Duration.ofSeconds(10))
          .until(
              () ->
                  old.version() == before.version()
                      ? !ip(n1.nodeNetns(), "link").contains(OverlayNetwork.NODE_DEVICE_PREFIX)
                      : ip(n1.nodeNetns(), "link").contains(OverlayNetwork.NODE_DEVICE_PREFIX));
    }
    assertNull(n1.tasks().status(ended));
    assertEquals(
        TaskState.RUNNING, Objects.requireNonNull(cluster.taskRecord(young)).status().state());
    n1.reconciler().onState(cluster.state());
    String ping = task("n2", "10.0.1.5", "ping", "-c", "3", "-W", "2", "10.0.1.4");
    awaitState(ping, TaskState.COMPLETE);
  }

  @Test
  void anEndpointOfSomebodyElseIsAttachedAndDetached() throws Exception {
    Path theirs = scratch.make("theirs");
    running(task("n2", "10.0.1.3", "sleep", "1000"));
    cluster.endpoint("e1", "n1", theirs, "mesh0", TestCluster.attachment(net, "10.0.1.9"));
    await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () ->
                ScratchNamespaces.in(theirs, "/bin/ping", "-c", "1", "-W", "1", "10.0.1.3").exit()
                    == 0);
    String view = ip(theirs, "address");
    assertTrue(view.contains("inet 10.0.1.9/24 brd 10.0.1.255 scope global mesh0"), view);
    n1.stop();
    cluster.removeEndpoint("e1");
    assertTrue(ip(theirs, "link").contains("mesh0"));
    n1.start();
    await().atMost(Duration.ofSeconds(10)).until(() -> !ip(theirs, "link").contains("mesh0"));
  }

  @Test
  void aNodeThatLeavesKeepsNothing() throws Exception {
    String task = task("n1", "10.0.1.3", "sleep", "1000");
    int pid = Objects.requireNonNull(running(task).status().pid());
    running(cluster.task("n1", "alone", List.of(), "sleep", "1000"));
    n1.leave();
    assertFalse(ProcessHandle.of(pid).isPresent());
    assertEquals(List.of(), n1.namespaces().list());
    String links = ip(n1.host, "link");
    assertFalse(links.contains("mesh_") || links.contains("mv"), links);
    assertEquals("", ScratchNamespaces.in(n1.host, "/usr/sbin/nft", "list", "ruleset").out());
    n1.start(); // and can begin again
    running(task("n1", "10.0.1.7", "sleep", "1000"));
  }

  private String task(String node, String address, String... command) {
    return cluster.task(node, "web", List.of(TestCluster.attachment(net, address)), command);
  }

  private TaskRecord running(String task) {
    return awaitState(task, TaskState.RUNNING);
  }

  private TaskRecord awaitState(String task, TaskState state) {
    return Objects.requireNonNull(
        await()
            .atMost(Duration.ofSeconds(15))
            .pollInterval(Duration.ofMillis(20))
            .until(() -> cluster.taskRecord(task), t -> t != null && t.status().state() == state));
  }

  private static void awaitGone(ReconcileNode node, String task) {
    await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () ->
                !Files.exists(node.netnsBase.resolve(task))
                    && !ip(node.host, "link").contains("mv" + task.substring(0, 12)));
  }

  private static void echo(Socket from, Socket to, String text) throws Exception {
    from.getOutputStream().write((text + "\n").getBytes(StandardCharsets.UTF_8));
    assertEquals(text, read(to));
  }

  private static String read(Socket socket) throws Exception {
    StringBuilder line = new StringBuilder();
    for (int c = socket.getInputStream().read(); c != '\n'; c = socket.getInputStream().read()) {
      line.append((char) c);
    }
    return line.toString();
  }

  private static String get(Path netns, int port) throws Exception {
    String url = "http://127.0.0.1:" + port + "/index.html";
    return ScratchNamespaces.in(netns, "/usr/bin/curl", "-s", "--noproxy", "*", "-m", "2", url)
        .out();
  }

  private static String ip(Path netns, String what) throws Exception {
    return ScratchNamespaces.in(netns, "/usr/sbin/ip", what, "show").out();
  }
}
