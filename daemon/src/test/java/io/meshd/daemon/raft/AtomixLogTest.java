package io.meshd.daemon.raft;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.disk.DataKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class AtomixLogTest {
  private static final DataKeys KEYS = CompactedLog.KEYS;

  @TempDir Path directory;
  private final ListMachine machine = new ListMachine();

  private AtomixLog open() throws IOException {
    return open(AtomixLog.Settings.of(directory, KEYS), machine);
  }

  private static AtomixLog open(AtomixLog.Settings settings, ListMachine machine)
      throws IOException {
    return AtomixLog.open(settings, new InProcessTransport("n1"), machine);
  }

  private static String propose(AtomixLog log, String entry) throws Exception {
    return new String(log.propose(entry.getBytes(UTF_8)).get(10, TimeUnit.SECONDS), UTF_8);
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
    try (AtomixLog log = open(AtomixLog.Settings.of(directory, KEYS), again)) {
      assertEquals(machine.entries(), again.entries());
      assertEquals("51", propose(log, "y"));
    }
  }

  @Test
  void restoresTheSnapshotThatTookTheLogsPlace() throws Exception {
    List<String> filled = CompactedLog.copyTo(directory);
    ListMachine again = new ListMachine();
    try (AtomixLog log = open(CompactedLog.settings(directory), again)) {
      assertEquals(filled, again.entries());
      propose(log, "after");
    }
    ListMachine third = new ListMachine();
    open(CompactedLog.settings(directory), third).close();
    assertEquals(again.entries(), third.entries());
  }

  @Test
  void refusesASnapshotWithAFlippedByte() throws Exception {
    CompactedLog.copyTo(directory);
    Damage.flipMiddle(Damage.only(directory, "*.sealed"));
    assertRefused(CompactedLog.settings(directory), "cannot be used: it is damaged");
  }

  @Test
  void refusesASnapshotThatIsCutShortOrGone() throws Exception {
    CompactedLog.copyTo(directory);
    Path snapshot = Damage.only(directory, "*.sealed");
    Damage.truncate(snapshot);
    assertRefused(CompactedLog.settings(directory), "cannot be used");
    Files.delete(snapshot);
    assertRefused(CompactedLog.settings(directory), "there is no snapshot of what was before");
  }

  @Test
  void refusesALogThatEndsBeforeWhatWasAcknowledged() throws Exception {
    try (AtomixLog log = open()) {
      for (int i = 0; i < 100; i++) {
        propose(log, "entry-" + i);
      }
    }
    Damage.flip(Damage.only(directory, "*.log"), 50);
    assertRefused(AtomixLog.Settings.of(directory, KEYS), "was acknowledged: the log is damaged");
  }

  @Test
  void startsWithASegmentThatWasNeverBegun() throws Exception {
    try (AtomixLog log = open()) {
      propose(log, "kept");
    }
    Files.write(directory.resolve("meshd-2.log"), new byte[1 << 20]);
    ListMachine again = new ListMachine();
    open(AtomixLog.Settings.of(directory, KEYS), again).close();
    assertEquals(List.of("kept"), again.entries());
  }

  @Test
  void refusesASecondProcessOnTheSameLog() throws Exception {
    try (AtomixLog log = open()) {
      assertTrue(log.isLeader());
      assertRefused(AtomixLog.Settings.of(directory, KEYS), "another process uses the Raft log");
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
        AtomixLog.open(
            AtomixLog.Settings.of(directory, KEYS), new InProcessTransport("n1"), moody)) {
      ExecutionException failed =
          assertThrows(
              ExecutionException.class, () -> log.propose(new byte[1]).get(5, TimeUnit.SECONDS));
      assertInstanceOf(
          IllegalStateException.class, failed.getCause(), String.valueOf(failed.getCause()));
      assertEquals(2, log.propose(new byte[2]).get(5, TimeUnit.SECONDS).length);
    }
  }

  private static void assertRefused(AtomixLog.Settings settings, String words) {
    IOException refused =
        assertThrows(IOException.class, () -> open(settings, new ListMachine()).close());
    assertTrue(String.valueOf(refused.getMessage()).contains(words), refused.getMessage());
  }
}
