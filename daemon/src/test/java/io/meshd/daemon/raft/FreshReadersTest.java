package io.meshd.daemon.raft;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.atomix.primitive.operation.PrimitiveOperation;
import io.atomix.protocols.raft.storage.log.RaftLog;
import io.atomix.protocols.raft.storage.log.RaftLogReader;
import io.atomix.protocols.raft.storage.log.RaftLogWriter;
import io.atomix.protocols.raft.storage.log.entry.CommandEntry;
import io.atomix.protocols.raft.storage.log.entry.RaftLogEntry;
import io.atomix.storage.StorageLevel;
import io.atomix.storage.journal.JournalReader.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a reader of the log finds after some of the log was taken back or removed. */
@Timeout(60)
final class FreshReadersTest {
  private static final int SEGMENT = 4096;

  @TempDir Path root;
  private RaftLog log;
  private RaftLogWriter writer;

  @BeforeEach
  void open() {
    log =
        RaftLog.builder()
            .withName("test")
            .withDirectory(root.resolve("log").toFile())
            .withStorageLevel(StorageLevel.DISK)
            .withNamespace(LogFormat.STORAGE)
            .withMaxSegmentSize(SEGMENT)
            .withMaxEntrySize(1024)
            .build();
    FreshReaders.keep(log);
    writer = log.writer();
  }

  @AfterEach
  void close() {
    log.close();
  }

  private void append(long term, String text) {
    writer.append(
        new CommandEntry(
            term,
            0,
            1,
            1,
            PrimitiveOperation.operation(MachineService.APPLY, text.getBytes(UTF_8))));
  }

  private void appendAll(long term, String prefix, int count) {
    for (int i = 0; i < count; i++) {
      append(term, prefix + i);
    }
  }

  private static String next(RaftLogReader reader) {
    RaftLogEntry entry = reader.next().entry();
    return new String(((CommandEntry) entry).operation().value(), UTF_8);
  }

  private static List<String> rest(RaftLogReader reader) {
    List<String> all = new ArrayList<>();
    while (reader.hasNext()) {
      all.add(next(reader));
    }
    return all;
  }

  @Test
  void whatWasTakenBackIsNotReadByWhoWasBehindIt() {
    appendAll(1, "old-", 6);
    RaftLogReader reader = log.openReader(1, Mode.COMMITS);
    assertEquals("old-0", next(reader));
    writer.truncate(3);
    appendAll(2, "new-", 3);
    assertEquals(List.of("old-1", "old-2", "new-0", "new-1", "new-2"), rest(reader));
    assertEquals(7, reader.getNextIndex());
  }

  @Test
  void entriesOfOtherLengthsAreFound() {
    appendAll(1, "old-", 6);
    RaftLogReader reader = log.openReader(1, Mode.COMMITS);
    writer.truncate(3);
    appendAll(2, "a longer one ", 5);
    assertEquals(8, rest(reader).size());
    assertEquals(9, reader.getNextIndex());
  }

  @Test
  void aReaderJustBeforeWhatWasTakenBack() {
    appendAll(1, "old-", 4);
    RaftLogReader reader = log.openReader(3, Mode.ALL);
    writer.truncate(3);
    appendAll(2, "new-", 1);
    assertEquals(List.of("old-2", "new-0"), rest(reader));
  }

  @Test
  void aReaderAtTheEndOfRemovedSegmentsGoesOnAfterThem() {
    RaftLogReader reader = log.openReader(1, Mode.COMMITS);
    int count = 0;
    while (segments() < 2) {
      append(1, "entry-" + count++);
    }
    // The last one is the first of the second segment.
    for (int i = 1; i < count; i++) {
      next(reader);
    }
    log.compact(count);
    assertEquals(count, reader.getNextIndex());
    assertEquals(List.of("entry-" + (count - 1)), rest(reader));
  }

  @Test
  void aReaderGoesOnInALogThatBeginsAnewWhereItIs() {
    appendAll(1, "old-", 5);
    RaftLogReader reader = log.openReader(1, Mode.COMMITS);
    assertEquals(5, rest(reader).size());
    writer.reset(6);
    appendAll(2, "new-", 2);
    assertEquals(List.of("new-0", "new-1"), rest(reader));
  }

  private long segments() {
    try (Stream<Path> files = Files.list(root.resolve("log"))) {
      return files.count();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** As after the end of all managers at once: whoever led has a tail that nobody else has. */
  @Test
  void aManagerThatBeginsAgainAppliesWhatCameInThePlaceOfItsTail() throws Exception {
    try (Managers managers = new Managers(root).begin("n1", "n2", "n3")) {
      managers.proposeAll("n1", "before-", 5);
      String cut = managers.awaitLeader();
      managers.network.isolate(cut);
      for (int i = 0; i < 20; i++) {
        var _ = managers.log(cut).propose("nobody heard of it".getBytes(UTF_8));
      }
      await().until(() -> !cut.equals(managers.leader()) && managers.leader() != null);
      managers.stop(cut);
      managers.network.heal();
      String other = managers.awaitLeader();
      managers.proposeAll(other, "a", 40);
      managers.again(cut);
      await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(
              () ->
                  assertEquals(managers.machine(other).entries(), managers.machine(cut).entries()));
      managers.log(other).stepDown().get(10, TimeUnit.SECONDS);
      managers.propose(cut, "after");
    }
  }

  @Test
  void aLeaderThatLeadsNoMoreHoldsNoFilesOfIt() throws Exception {
    try (Managers managers = new Managers(root)) {
      managers.begin("n1", "n2", "n3");
      handOver(managers, 2);
      long before = openFiles();
      handOver(managers, 12);
      assertTrue(openFiles() <= before + 6, before + " files, then " + openFiles());
    }
  }

  private static void handOver(Managers managers, int times) throws Exception {
    for (int i = 0; i < times; i++) {
      String leader = managers.awaitLeader();
      managers.log(leader).stepDown().get(10, TimeUnit.SECONDS);
      await().until(() -> managers.leader() != null && !leader.equals(managers.leader()));
    }
  }

  private long openFiles() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files
          .filter(
              file -> {
                try {
                  return Files.readSymbolicLink(file).startsWith(root);
                } catch (IOException _) {
                  return false;
                }
              })
          .count();
    }
  }
}
