package io.meshd.daemon.tasks;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.linux.IpChanges;
import io.meshd.daemon.linux.ScratchNamespaces;
import io.meshd.daemon.tasks.TaskStatus.Phase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TaskSupervisorTest {
  private TaskNode node;

  @BeforeEach
  void setUp() throws Exception {
    node = new TaskNode();
  }

  @AfterEach
  void tearDown() throws Exception {
    node.close();
  }

  @Test
  void aTaskEndsAsItsCommandDoes() throws Exception {
    String good = node.start(TaskNode.task("sh", "-c", "echo out; echo err >&2"));
    assertEquals(0, node.awaitPhase(good, Phase.COMPLETE).exitCode());
    assertEquals(List.of("out", "!err"), node.output(good));
    assertEquals(
        List.of(
            "ACCEPTED accepted",
            "PREPARING preparing",
            "STARTING starting",
            "RUNNING started",
            "COMPLETE finished"),
        node.told);
    String bad = node.start(TaskNode.task("sh", "-c", "exit 7"));
    TaskStatus status = node.awaitPhase(bad, Phase.FAILED);
    assertEquals("task: non-zero exit (7)", status.err());
    assertEquals(7, status.exitCode());
  }

  @Test
  void aCommandThatIsNotThereIsNamedInDockersWords() throws Exception {
    assertEquals(
        "starting container failed: exec: \"nosuch\": executable file not found in $PATH",
        node.awaitPhase(node.start(TaskNode.task("nosuch", "-x")), Phase.FAILED).err());
    assertEquals(
        "starting container failed: exec: \"/no/such\": stat /no/such: no such file or directory",
        node.awaitPhase(node.start(TaskNode.task("/no/such")), Phase.FAILED).err());
    assertEquals(
        "starting container failed: exec: \"/etc/passwd\": permission denied",
        node.awaitPhase(node.start(TaskNode.task("/etc/passwd")), Phase.FAILED).err());
    assertEquals(
        "starting container failed: unable to find user nobody7: no matching entries in passwd"
            + " file",
        node.awaitPhase(
                node.start(TaskNode.task(TaskNode.id(), List.of(), List.of(), "nobody7", "true")),
                Phase.FAILED)
            .err());
  }

  @Test
  void aTaskHasAnEnvironmentOfItsOwn() throws Exception {
    String id =
        node.start(
            TaskNode.task(
                TaskNode.id(),
                List.of("A=1 2", "odd.name=x", "HOME=/tmp", "EMPTY="),
                List.of(),
                "nobody",
                "sh",
                "-c",
                "env -u PWD -u OLDPWD | grep -v ^_ | sort; id -un; pwd; uname -n; readlink"
                    + " /proc/self/fd/0; ulimit -c >/dev/stderr"));
    node.awaitPhase(id, Phase.COMPLETE);
    String host = id.substring(0, 12);
    List<String> lines = node.output(id);
    // A shell as the command drops odd.name again; it is there for others, see below.
    assertEquals(
        List.of(
            "A=1 2",
            "EMPTY=",
            "HOME=/tmp",
            "HOSTNAME=" + host,
            "PATH=" + CommandCheck.DEFAULT_PATH,
            "nobody",
            "/",
            host,
            "/dev/null"),
        lines.subList(0, 9));
    assertEquals(10, lines.size());
    String odd =
        node.start(TaskNode.task(TaskNode.id(), List.of("odd.name=x"), List.of(), null, "env"));
    node.awaitPhase(odd, Phase.COMPLETE);
    assertTrue(node.output(odd).contains("odd.name=x"));
  }

  @Test
  void withoutANetworkItIsOnTheLocalBridge() throws Exception {
    String a = node.start(TaskNode.task("sleep", "1000"));
    String b = node.start(TaskNode.task("ping", "-c", "1", "-W", "1", "172.17.0.2"));
    assertEquals(0, node.awaitPhase(b, Phase.COMPLETE).exitCode(), () -> output(b));
    String view = ip(node.tasks.netns(a), "address");
    assertTrue(view.contains("inet 172.17.0.2/16 brd 172.17.255.255 scope global eth0"), view);
    assertTrue(view.contains("link/ether 02:42:ac:11:00:02"), view);
    assertTrue(view.contains("inet 127.0.0.1/8"), view);
    assertFalse(view.contains("fe80"), view);
    assertTrue(ip(node.tasks.netns(a), "route").contains("default via 172.17.0.1 dev eth0"));
    assertEquals(
        List.of("172.17.0.2/16"),
        node.tasks.list().stream().filter(t -> t.id().equals(a)).findFirst().get().addresses());
    // A freed address is not given again at once.
    node.tasks.forget(b);
    String c = node.start(TaskNode.task("sleep", "1000"));
    assertTrue(ip(node.tasks.netns(c), "address").contains("172.17.0.4/16"));
  }

  @Test
  void onAnOverlayItHasATapAndTheWayOut() throws Exception {
    DesiredTask task = overlayTask(false);
    node.tasks.prepare(task);
    tap(task.id(), "eth0");
    for (int i = 0; i < 2; i++) {
      node.tasks.connect(task.id());
    }
    node.tasks.launch(task.id());
    node.awaitPhase(task.id(), Phase.RUNNING);
    String view = ip(node.tasks.netns(task.id()), "address");
    assertTrue(view.contains("inet 10.0.1.3/24 brd 10.0.1.255 scope global eth0"), view);
    assertTrue(view.contains("link/ether 02:42:0a:00:01:03"), view);
    assertTrue(view.contains("mtu 1450"), view);
    assertTrue(view.contains("inet 172.18.0.2/16 brd 172.18.255.255 scope global eth1"), view);
    assertTrue(
        ip(node.tasks.netns(task.id()), "route").contains("default via 172.18.0.1 dev eth1"));
  }

  @Test
  void onAnInternalNetworkThereIsNoWayOut() throws Exception {
    DesiredTask task = overlayTask(true);
    node.tasks.prepare(task);
    tap(task.id(), "eth0");
    node.tasks.connect(task.id());
    node.tasks.launch(task.id());
    node.awaitPhase(task.id(), Phase.RUNNING);
    assertFalse(ip(node.tasks.netns(task.id()), "address").contains("eth1"));
    assertFalse(ip(node.tasks.netns(task.id()), "route").contains("default"));
  }

  @Test
  void stoppingEndsEverythingThatTheTaskStarted() throws Exception {
    String id =
        node.start(
            TaskNode.task(
                "sh",
                "-c",
                "setsid sleep 1000 & trap 'echo bye; exit 3' TERM; echo up; sleep 1000 &"
                    + " wait"));
    node.awaitPhase(id, Phase.RUNNING);
    awaitOutput(id, "up");
    node.tasks.stop(id);
    TaskStatus status = node.awaitPhase(id, Phase.SHUTDOWN);
    assertEquals(3, status.exitCode());
    assertEquals("shutdown", status.message());
    assertEquals(List.of("up", "bye"), node.output(id));
    assertEquals(List.of(), processesIn(node.tasks.netns(id)));
    node.tasks.release(id);
    node.tasks.release(id);
    assertFalse(Files.exists(node.tasks.netns(id)));
    assertFalse(node.tasks.hasDevices(id));
    assertFalse(ip(node.host, "link").contains(TaskInterfaces.hostDevice(id)));
    assertEquals(List.of("up", "bye"), node.output(id));
    node.tasks.forget(id);
    assertNull(node.tasks.status(id));
  }

  @Test
  void aTaskThatIgnoresItsStopSignalIsKilledAfterTheGrace() throws Exception {
    String id =
        node.start(TaskNode.task("sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"));
    awaitOutput(id, "up");
    node.tasks.stop(id);
    assertEquals(137, node.awaitPhase(id, Phase.SHUTDOWN).exitCode());
  }

  @Test
  void aRestartedDaemonFindsItsTasksAgain() throws Exception {
    String id = node.start(TaskNode.task("sh", "-c", "echo up; sleep 1000"));
    Integer pid = node.awaitPhase(id, Phase.RUNNING).pid();
    node.restart();
    assertEquals(pid, node.awaitPhase(id, Phase.RUNNING).pid());
    assertEquals("up", node.output(id).getFirst());
    // As the driver does for every task after a start.
    node.tasks.prepare(TaskNode.task(id, List.of(), List.of(), null, "true"));
    node.tasks.connect(id);
    node.tasks.launch(id);
    assertEquals(pid, node.awaitPhase(id, Phase.RUNNING).pid());
    node.tasks.stop(id);
    assertEquals(143, node.awaitPhase(id, Phase.SHUTDOWN).exitCode());
  }

  @Test
  void aRestartedDaemonLearnsWhatEndedMeanwhile() throws Exception {
    Path go = node.scratch.folder().resolve("go");
    String id =
        node.start(
            TaskNode.task("sh", "-c", "while [ ! -e " + go + " ]; do sleep 0.05; done; exit 5"));
    node.awaitPhase(id, Phase.RUNNING);
    node.tasks.close();
    Files.createFile(go);
    Path exit = node.scratch.folder().resolve("tasks/" + id + "/exit");
    await().atMost(Duration.ofSeconds(10)).until(() -> Files.exists(exit));
    node.restart();
    assertEquals(5, node.awaitPhase(id, Phase.FAILED).exitCode());
  }

  @Test
  void aDaemonKilledBetweenTwoStepsGoesOnWhereItWas() throws Exception {
    DesiredTask task = TaskNode.task("sh", "-c", "echo once; sleep 1000");
    node.tasks.prepare(task);
    node.restart();
    node.tasks.prepare(task);
    node.tasks.connect(task.id());
    node.restart();
    node.start(task);
    node.restart();
    node.start(task);
    awaitOutput(task.id(), "once");
    node.awaitPhase(task.id(), Phase.RUNNING);
    assertEquals(List.of("once"), node.output(task.id()));
  }

  @Test
  void aProcessThatVanishedWithItsShimIsNoticed() throws Exception {
    String id = node.start(TaskNode.task("sleep", "1000"));
    Integer pid = node.awaitPhase(id, Phase.RUNNING).pid();
    assertNotNull(pid);
    ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
    process.parent().orElseThrow().destroyForcibly();
    process.destroyForcibly();
    assertEquals("task: its process is gone", node.awaitPhase(id, Phase.FAILED).err());
  }

  private static DesiredTask overlayTask(boolean internal) {
    return TaskNode.task(
        TaskNode.id(),
        List.of(),
        List.of(
            new DesiredTask.TaskNetwork(
                "net", "10.0.1.3", 24, "02:42:0a:00:01:03", 1450, internal, null)),
        null,
        "sleep",
        "1000");
  }

  private void tap(String id, String device) throws Exception {
    new IpChanges().line("tuntap add dev " + device + " mode tap").apply(node.tasks.netns(id));
  }

  private void awaitOutput(String id, String line) {
    await().atMost(Duration.ofSeconds(10)).until(() -> node.output(id).contains(line));
  }

  private String output(String id) {
    try {
      return node.output(id).toString();
    } catch (Exception e) {
      return e.toString();
    }
  }

  private static String ip(Path netns, String what) throws Exception {
    return ScratchNamespaces.in(netns, "/usr/sbin/ip", what, "show").out();
  }

  private static List<Long> processesIn(Path netns) throws Exception {
    String link = "net:[" + Files.getAttribute(netns, "unix:ino") + "]";
    return ProcessHandle.allProcesses()
        .map(ProcessHandle::pid)
        .filter(
            pid -> {
              try {
                return Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/net"))
                    .toString()
                    .equals(link);
              } catch (java.io.IOException e) {
                return false;
              }
            })
        .toList();
  }
}
