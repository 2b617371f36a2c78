package io.meshd.daemon.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.tasks.TaskStatus.Phase;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TaskExecTest {
  private TaskNode node;
  private String id;

  @BeforeEach
  void setUp() throws Exception {
    node = new TaskNode();
    id = node.start(TaskNode.task("sleep", "1000"));
    node.awaitPhase(id, Phase.RUNNING);
  }

  @AfterEach
  void tearDown() throws Exception {
    node.close();
  }

  @Test
  void aCommandRunsWhereTheTaskIs() throws Exception {
    var exec =
        node.tasks.exec(
            id,
            List.of(
                "sh", "-c", "hostname; ip -o -4 address; echo $A; pwd; cat; echo bad >&2; exit 4"),
            List.of("A=b"),
            "/tmp",
            false,
            0,
            0);
    try (var in = exec.stdin()) {
      in.write("typed\n".getBytes(StandardCharsets.UTF_8));
    }
    String out = new String(exec.stdout().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals("bad\n", new String(exec.stderr().readAllBytes(), StandardCharsets.UTF_8));
    assertEquals(4, exec.waitFor());
    assertTrue(out.startsWith(id.substring(0, 12) + "\n"), out);
    assertTrue(out.contains("172.17.0.2/16"), out);
    assertTrue(out.endsWith("b\n/tmp\ntyped\n"), out);
  }

  @Test
  void aTerminalIsAsLargeAsAskedAndItsCommandControlsIt() throws Exception {
    var exec =
        node.tasks.exec(
            id,
            List.of("sh", "-c", "stty size; tty; echo $TERM; read line; stty size; exit 9"),
            List.of(),
            null,
            true,
            100,
            40);
    try (var out =
        new BufferedReader(new InputStreamReader(exec.stdout(), StandardCharsets.UTF_8))) {
      assertEquals("40 100", out.readLine());
      assertTrue(out.readLine().startsWith("/dev/pts/"));
      assertEquals("xterm", out.readLine());
      exec.resize(120, 50);
      exec.stdin().write("go\n".getBytes(StandardCharsets.UTF_8));
      exec.stdin().flush();
      assertEquals("go", out.readLine());
      assertEquals("50 120", out.readLine());
      assertEquals(null, out.readLine());
    }
    assertEquals(9, exec.waitFor());
  }

  @Test
  void controlCEndsWhatRunsOnATerminal() throws Exception {
    // exec: dash loses an interrupt that comes while it forks.
    var exec =
        node.tasks.exec(
            id, List.of("sh", "-c", "echo up; exec sleep 1000"), List.of(), null, true, 80, 24);
    var out = new BufferedReader(new InputStreamReader(exec.stdout(), StandardCharsets.UTF_8));
    assertEquals("up", out.readLine());
    exec.stdin().write(3);
    assertEquals(130, exec.waitFor());
  }

  @Test
  void whatTheCommandLeftBehindDoesNotHoldTheTerminal() throws Exception {
    var exec =
        node.tasks.exec(
            id,
            List.of("sh", "-c", "setsid sleep 1000 & echo done"),
            List.of(),
            null,
            true,
            80,
            24);
    String out = new String(exec.stdout().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals("done\r\n", out);
    assertEquals(0, exec.waitFor());
  }

  @Test
  void refusalsAreInDockersWords() throws Exception {
    IOException missing =
        assertThrows(
            IOException.class,
            () -> node.tasks.exec(id, List.of("nosuch"), List.of(), null, false, 0, 0));
    assertEquals(
        "OCI runtime exec failed: exec failed: unable to start container process: exec:"
            + " \"nosuch\": executable file not found in $PATH: unknown",
        missing.getMessage());
    node.tasks.stop(id);
    node.awaitPhase(id, Phase.SHUTDOWN);
    IOException stopped =
        assertThrows(
            IOException.class,
            () -> node.tasks.exec(id, List.of("true"), List.of(), null, false, 0, 0));
    assertEquals("container " + id + " is not running", stopped.getMessage());
  }
}
