package io.meshd.dataplane;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.dataplane.sys.ProducerCpu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** On which processors the data loops may run, as the kernel tells it (proc_pid_status(5)). */
@Timeout(120)
class NearLoopsTest {
  private final TestNamespaces namespaces = new TestNamespaces();
  private TestNode node;
  private String task;
  private String other;
  private List<Path> others;

  @BeforeEach
  void twoTasks() throws Exception {
    String at = namespaces.add("n");
    TestNode.join(at, "10.99.0.1", namespaces.add("m"), "10.99.0.2");
    others = loops();
    node = new TestNode(namespaces, at, "10.99.0.1");
    task = node.task("a", "10.0.1.3");
    other = node.task("b", "10.0.1.4");
    node.apply();
  }

  @AfterEach
  void remove() {
    node.close();
    namespaces.close();
  }

  @Test
  void aLoopRunsWhereItsTaskDoesUntilItHasMuchToDo() throws Exception {
    needBpf();
    List<Integer> processors = processors();
    Assumptions.assumeTrue(processors.size() > 1, "skipped: there is one processor only");
    for (int processor : List.of(processors.getLast(), processors.getFirst(), processors.get(1))) {
      await()
          .atMost(Duration.ofSeconds(40))
          .untilAsserted(
              () -> {
                pingFrom(processor);
                assertEquals("" + processor, processorOfTaps());
              });
    }
    Transfer.check(task, other, "10.0.1.4", 500_000_000);
    String all = allowed(Path.of("/proc/self/status"));
    await().untilAsserted(() -> assertEquals(all, allowed(loopOfTaps().resolve("status"))));
  }

  private static void needBpf() {
    try {
      ProducerCpu.open().close();
    } catch (IOException e) {
      System.out.println("SKIPPED NearLoopsTest: " + e.getMessage());
      Assumptions.abort(e.getMessage());
    }
  }

  private void pingFrom(int processor) {
    TestNamespaces.in(
        task,
        "taskset",
        "-c",
        "" + processor,
        "ping",
        "-q",
        "-c",
        "100",
        "-i",
        "0.005",
        "10.0.1.4");
  }

  private static List<Integer> processors() throws IOException {
    List<Integer> processors = new ArrayList<>();
    for (String range : allowed(Path.of("/proc/self/status")).split(",", -1)) {
      String[] ends = range.split("-", -1);
      for (int at = Integer.parseInt(ends[0]);
          at <= Integer.parseInt(ends[ends.length - 1]);
          at++) {
        processors.add(at);
      }
    }
    return processors;
  }

  /** Where it ran last: field 39 of proc_pid_stat(5). */
  private String processorOfTaps() throws IOException {
    String stat = Files.readString(loopOfTaps().resolve("stat"));
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[36];
  }

  /** The second of the node's two loops. */
  private Path loopOfTaps() throws IOException {
    List<Path> loops = loops();
    loops.removeAll(others);
    assertEquals(1, loops.size());
    return loops.getFirst();
  }

  private static List<Path> loops() throws IOException {
    List<Path> loops = new ArrayList<>();
    try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
      for (Path thread : threads.toList()) {
        if (Files.readString(thread.resolve("comm")).matches("meshd-data-\\d+-2\n")) {
          loops.add(thread);
        }
      }
    }
    return loops;
  }

  private static String allowed(Path status) throws IOException {
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("Cpus_allowed_list:"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElseThrow();
  }
}
