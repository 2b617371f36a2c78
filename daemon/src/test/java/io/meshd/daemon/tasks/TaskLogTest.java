package io.meshd.daemon.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.linux.ToolRun;
import io.meshd.daemon.tasks.TaskStatus.Phase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TaskLogTest {
  private @TempDir Path folder;

  @Test
  void theLastLinesAreFoundFromTheEnd() throws Exception {
    Path file = folder.resolve("stdout.log");
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 50_000; i++) {
      text.append("line ").append(i).append('\n');
    }
    Files.writeString(file, text + "open");
    assertEquals(50_001, lines(file, -1).size());
    assertEquals(List.of("line 49998", "line 49999", "open"), lines(file, 3));
    assertEquals(30_000, lines(file, 30_000).size());
    assertEquals(List.of(), lines(file, 0));
  }

  @Test
  void whatIsTooOldIsCutOutAndNothingElse() throws Exception {
    Path file = folder.resolve("stdout.log");
    TaskLog log = new TaskLog(file, 100_000);
    List<String> seen = new ArrayList<>();
    int next = 0;
    Files.createFile(file);
    try (TaskLog.Reader follower = log.new Reader(false, -1)) {
      for (int round = 0; round < 40; round++) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 1000; i++) {
          text.append("line ").append(next++).append('\n');
        }
        Files.writeString(file, text, StandardOpenOption.APPEND);
        log.trim();
        follower.drain((stderr, line) -> seen.add(text(line)), false);
      }
    }
    assertEquals(next, seen.size());
    List<String> left = lines(file, -1);
    assertEquals("line " + (next - 1), left.getLast());
    assertEquals("line " + (next - left.size()), left.getFirst());
    assertTrue(left.size() < 25_000, "" + left.size());
    long kilobytes =
        Long.parseLong(
            ToolRun.run(List.of("/usr/bin/du", "-k", file.toString()), "").out().split("\t", 2)[0]);
    assertTrue(kilobytes < 300, kilobytes + " KiB");
  }

  @Test
  void followingEndsWithTheTask() throws Exception {
    try (TaskNode node = new TaskNode()) {
      Path go = folder.resolve("go");
      String id =
          node.start(
              TaskNode.task(
                  "sh",
                  "-c",
                  "echo one; while [ ! -e " + go + " ]; do sleep 0.05; done; printf two"));
      node.awaitPhase(id, Phase.RUNNING);
      List<String> seen = new ArrayList<>();
      CountDownLatch first = new CountDownLatch(1);
      Thread follower =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      node.tasks.logs(
                          id,
                          -1,
                          true,
                          (stderr, line) -> {
                            seen.add(text(line));
                            first.countDown();
                          });
                    } catch (IOException | InterruptedException e) {
                      seen.add(e.toString());
                    }
                  });
      assertTrue(first.await(10, TimeUnit.SECONDS));
      Files.createFile(go);
      assertTrue(follower.join(java.time.Duration.ofSeconds(10)));
      assertEquals(List.of("one", "two"), seen);
    }
  }

  private static List<String> lines(Path file, int tail) throws IOException {
    List<String> lines = new ArrayList<>();
    try (TaskLog.Reader reader = new TaskLog(file).new Reader(false, tail)) {
      reader.drain((stderr, line) -> lines.add(text(line)), true);
    }
    return lines;
  }

  private static String text(byte[] line) {
    return new String(line, StandardCharsets.UTF_8);
  }
}
