package io.meshd.daemon.raft;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.atomix.protocols.raft.storage.RaftStorage;
import io.atomix.protocols.raft.storage.log.RaftLog;
import io.atomix.protocols.raft.storage.log.RaftLogReader;
import io.atomix.protocols.raft.storage.snapshot.Snapshot;
import io.atomix.protocols.raft.storage.snapshot.SnapshotReader;
import io.atomix.protocols.raft.storage.snapshot.SnapshotStore;
import io.atomix.protocols.raft.storage.snapshot.SnapshotWriter;
import io.atomix.storage.StorageLevel;
import io.atomix.utils.serializer.Namespace;
import io.meshd.daemon.disk.DataKeys;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What whoever reads a manager's disk learns, and may change. */
@Timeout(120)
final class SealedLogTest {
  private static final String SECRET = CompactedLog.SECRET;

  @TempDir Path root;
  private final DataKeys keys = CompactedLog.KEYS;
  private List<String> entries = List.of();

  private static AtomixLog open(Path folder, DataKeys with, ListMachine into) throws IOException {
    return AtomixLog.open(CompactedLog.settings(folder, with), new InProcessTransport("n1"), into);
  }

  /** With a snapshot and entries after it, all of them secrets. */
  private Path filled() throws Exception {
    Path folder = Files.createDirectory(root.resolve("raft"));
    entries = CompactedLog.copyTo(folder);
    return folder;
  }

  private static boolean isRead(Path folder, String text) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        if (Files.readString(file, ISO_8859_1).contains(text)) {
          return true;
        }
      }
    }
    return false;
  }

  @Test
  void nothingOfTheStateIsReadOnTheDisk() throws Exception {
    Path folder = filled();
    assertFalse(isRead(folder, SECRET));
    ListMachine again = new ListMachine();
    open(folder, keys, again).close();
    assertEquals(entries, again.entries());
  }

  @Test
  void withOtherKeysItIsRefusedInWordsAndNotTakenForDamaged() throws Exception {
    Path folder = filled();
    IOException refused =
        assertThrows(
            IOException.class, () -> open(folder, DataKeys.drawn(), new ListMachine()).close());
    assertFalse(refused instanceof DamagedLogException);
    assertTrue(
        String.valueOf(refused.getMessage()).contains("sealed with a key that this node does not"),
        refused.getMessage());
    ListMachine again = new ListMachine();
    open(folder, keys, again).close();
    assertEquals(entries, again.entries());
  }

  /** Who knows how Atomix checks its files is refused, too. */
  @Test
  void aChangedEntryWithTheRightChecksumIsRefused() throws Exception {
    Path folder = root.resolve("raft");
    try (AtomixLog log = open(folder, keys, new ListMachine())) {
      IntStream.range(0, 20).forEach(i -> log.propose((i + SECRET).getBytes(UTF_8)).join());
    }
    Path segment = Damage.only(folder, "*.log");
    int at = Damage.contentOf(segment, 10);
    byte[] all = Files.readAllBytes(segment);
    int length = ByteBuffer.wrap(all).getInt(at - 8);
    all[at + length - 1] ^= 1;
    CRC32 checksum = new CRC32();
    checksum.update(all, at, length);
    ByteBuffer.wrap(all).putInt(at - 4, (int) checksum.getValue());
    Files.write(segment, all);
    assertThrows(DamagedLogException.class, () -> open(folder, keys, new ListMachine()).close());
  }

  @Test
  void aFolderOfAnOlderVersionIsReadAndSealedFromThenOn() throws Exception {
    Path clear = inClear(filled());
    assertTrue(isRead(clear, SECRET));
    ListMachine again = new ListMachine();
    try (AtomixLog log = open(clear, keys, again)) {
      assertEquals(entries, again.entries());
      log.propose("news".getBytes(UTF_8)).join();
    }
    assertFalse(isRead(clear, "news"));
    assertEquals(List.of(), Damage.all(clear, "*.snapshot"));
    ListMachine third = new ListMachine();
    open(clear, keys, third).close();
    assertEquals(again.entries(), third.entries());
  }

  /** The same folder as it was written before there were keys. */
  private Path inClear(Path sealed) throws IOException {
    Path clear = Files.createDirectory(root.resolve("clear"));
    for (String name : List.of("member", "meshd.conf", "meshd.meta", "promises", "acknowledged")) {
      Files.copy(sealed.resolve(name), clear.resolve(name));
    }
    RaftStorage from = storage(sealed, LogFormat.sealed(keys));
    RaftStorage to = storage(clear, LogFormat.STORAGE);
    try (RaftLog in = from.openLog();
        RaftLog out = to.openLog();
        RaftLogReader reader = in.openReader(1, RaftLogReader.Mode.ALL)) {
      out.writer().reset(reader.getFirstIndex());
      while (reader.hasNext()) {
        out.writer().append(reader.next().entry());
      }
      out.writer().flush();
    }
    Snapshot snapshot = new SealedSnapshots(from, keys).getCurrentSnapshot();
    try (SnapshotReader reader = snapshot.openReader()) {
      byte[] bytes = new byte[reader.remaining()];
      reader.read(bytes);
      Snapshot copy = new SnapshotStore(to).newSnapshot(snapshot.index(), snapshot.timestamp());
      try (SnapshotWriter writer = copy.openWriter()) {
        writer.write(bytes);
      }
      copy.complete();
    }
    return clear;
  }

  private static RaftStorage storage(Path folder, Namespace namespace) {
    return RaftStorage.builder()
        .withPrefix("meshd")
        .withDirectory(folder.toFile())
        .withStorageLevel(StorageLevel.DISK)
        .withNamespace(namespace)
        .withMaxSegmentSize(CompactedLog.SEGMENT_BYTES)
        .withMaxEntrySize(1 << 14)
        .build();
  }
}
