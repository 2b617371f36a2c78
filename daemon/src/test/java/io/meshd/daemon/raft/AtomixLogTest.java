package io.meshd.daemon.raft;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class AtomixLogTest {
  @TempDir Path directory;
  private final ListMachine machine = new ListMachine();

  private AtomixLog open() throws IOException {
    return open(AtomixLog.Settings.of(directory), machine);
  }

  private static AtomixLog open(AtomixLog.Settings settings, ListMachine machine)
      throws IOException {
    return AtomixLog.open(settings, new InProcessTransport("n1"), machine);
  }

  private static String propose(AtomixLog log, String entry) throws Exception {
    return new String(log.propose(entry.getBytes(UTF_8)).get(10, TimeUnit.SECONDS), UTF_8);
  }

  private AtomixLog.Settings smallSegments() {
    return new AtomixLog.Settings(
        directory,
        1 << 16,
        1 << 14,
        Duration.ofSeconds(1),
        Duration.ofMillis(250),
        Duration.ofSeconds(10));
  }

  @Test
  void appliesInOrderAndAnswersWhatTheMachineAnswered() throws Exception {
    try (AtomixLog log = open()) {
      assertEquals("1", propose(log, "a"));
      assertEquals("2", propose(log, "b"));
      List<CompletableFuture<byte[]>> answers = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        answers.add(log.propose(("c" + i).getBytes(UTF_8)));
      }
      for (int i = 0; i < 200; i++) {
        assertEquals(
            Integer.toString(i + 3), new String(answers.get(i).get(10, TimeUnit.SECONDS), UTF_8));
      }
      log.catchUp().get(5, TimeUnit.SECONDS);
      assertEquals(202, machine.entries().size());
    }
  }

  @Test
  void aloneLeadsWithoutWaitingForAnElection() throws Exception {
    open().close(); // classes are loaded now
    long begin = System.nanoTime();
    try (AtomixLog log = open()) {
      long millis = Duration.ofNanos(System.nanoTime() - begin).toMillis();
      assertTrue(log.isLeader());
      assertTrue(millis < 1000, "an election timeout passes at 1000 ms; it took " + millis);
    }
  }

  @Test
  void tellsListenersThatItLeads() throws Exception {
    try (AtomixLog log = open()) {
      List<Boolean> roles = new ArrayList<>();
      log.onRole(
          leads -> {
            synchronized (roles) {
              roles.add(leads);
            }
          });
      await()
          .untilAsserted(
              () -> {
                synchronized (roles) {
                  assertEquals(List.of(true), roles);
                }
              });
    }
  }

  @Test
  void hasEverythingAfterARestart() throws Exception {
    try (AtomixLog log = open()) {
      for (int i = 0; i < 50; i++) {
        propose(log, "x" + i);
      }
    }
    ListMachine again = new ListMachine();
    try (AtomixLog log = open(AtomixLog.Settings.of(directory), again)) {
      assertEquals(machine.entries(), again.entries());
      assertEquals("51", propose(log, "y"));
    }
  }

  @Test
  void restoresTheSnapshotThatTookTheLogsPlace() throws Exception {
    fillUntilCompacted();
    ListMachine again = new ListMachine();
    try (AtomixLog log = open(smallSegments(), again)) {
      assertEquals(machine.entries(), again.entries());
      propose(log, "after");
    }
    ListMachine third = new ListMachine();
    open(smallSegments(), third).close();
    assertEquals(again.entries(), third.entries());
  }

  @Test
  void refusesASnapshotWithAFlippedByte() throws Exception {
    fillUntilCompacted();
    Path snapshot = only("*.snapshot");
    flip(snapshot, positionOf(snapshot, "---"));
    assertRefused(smallSegments(), "the snapshot is damaged (checksum)");
  }

  @Test
  void refusesASnapshotThatIsCutShortOrGone() throws Exception {
    fillUntilCompacted();
    Path snapshot = only("*.snapshot");
    try (FileChannel file = FileChannel.open(snapshot, StandardOpenOption.WRITE)) {
      file.truncate(Files.size(snapshot) / 2);
    }
    assertRefused(smallSegments(), "cannot be used");
    Files.delete(snapshot);
    assertRefused(smallSegments(), "there is no snapshot of what was before");
  }

  @Test
  void refusesALogThatEndsBeforeWhatWasAcknowledged() throws Exception {
    try (AtomixLog log = open()) {
      for (int i = 0; i < 100; i++) {
        propose(log, "entry-" + i);
      }
    }
    Path segment = only("*.log");
    flip(segment, positionOf(segment, "entry-50"));
    assertRefused(AtomixLog.Settings.of(directory), "was acknowledged: the log is damaged");
  }

  @Test
  void startsWithASegmentThatWasNeverBegun() throws Exception {
    try (AtomixLog log = open()) {
      propose(log, "kept");
    }
    Files.write(directory.resolve("meshd-2.log"), new byte[1 << 20]);
    ListMachine again = new ListMachine();
    open(AtomixLog.Settings.of(directory), again).close();
    assertEquals(List.of("kept"), again.entries());
  }

  @Test
  void refusesASecondProcessOnTheSameLog() throws Exception {
    try (AtomixLog log = open()) {
      assertTrue(log.isLeader());
      assertRefused(AtomixLog.Settings.of(directory), "another process uses the Raft log");
    }
  }

  @Test
  void refusesAnEntryThatNoSegmentHolds() throws Exception {
    try (AtomixLog log = open()) {
      ExecutionException refused =
          assertThrows(
              ExecutionException.class,
              () -> log.propose(new byte[1 << 18]).get(5, TimeUnit.SECONDS));
      assertInstanceOf(IllegalArgumentException.class, refused.getCause());
      assertEquals("1", propose(log, "still works"));
    }
  }

  @Test
  void aMachineThatThrowsFailsItsEntryOnly() throws Exception {
    ReplicatedLog.Machine moody =
        new ReplicatedLog.Machine() {
          @Override
          public byte[] apply(byte[] entry) {
            if (entry.length == 1) {
              throw new IllegalArgumentException("no");
            }
            return entry;
          }

          @Override
          public byte[] snapshot() {
            return new byte[0];
          }

          @Override
          public void restore(byte[] snapshot) {}
        };
    try (AtomixLog log =
        AtomixLog.open(AtomixLog.Settings.of(directory), new InProcessTransport("n1"), moody)) {
      ExecutionException failed =
          assertThrows(
              ExecutionException.class, () -> log.propose(new byte[1]).get(5, TimeUnit.SECONDS));
      assertInstanceOf(
          IllegalStateException.class, failed.getCause(), String.valueOf(failed.getCause()));
      assertEquals(2, log.propose(new byte[2]).get(5, TimeUnit.SECONDS).length);
    }
  }

  /** Until Atomix, which looks every 10 s and waits 10 s more, has removed the first segment. */
  private void fillUntilCompacted() throws Exception {
    try (AtomixLog log = open(smallSegments(), machine)) {
      String filler = "-".repeat(1000);
      IntStream.range(0, 200)
          .mapToObj(i -> log.propose((i + filler).getBytes(UTF_8)))
          .toList()
          .forEach(CompletableFuture::join);
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> !Files.exists(directory.resolve("meshd-1.log")));
    }
  }

  private Path only(String glob) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      var matcher = directory.getFileSystem().getPathMatcher("glob:" + glob);
      List<Path> found = files.filter(file -> matcher.matches(file.getFileName())).toList();
      assertEquals(1, found.size(), found.toString());
      return found.getFirst();
    }
  }

  private static long positionOf(Path file, String text) throws IOException {
    return Files.readString(file, ISO_8859_1).indexOf(text);
  }

  private static void flip(Path file, long position) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, position);
      one.put(0, (byte) (one.get(0) ^ 1)).rewind();
      channel.write(one, position);
    }
  }

  private static void assertRefused(AtomixLog.Settings settings, String words) {
    IOException refused =
        assertThrows(IOException.class, () -> open(settings, new ListMachine()).close());
    assertTrue(String.valueOf(refused.getMessage()).contains(words), refused.getMessage());
  }
}
