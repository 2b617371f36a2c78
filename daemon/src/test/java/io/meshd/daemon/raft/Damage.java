package io.meshd.daemon.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.atomix.storage.journal.JournalSegmentDescriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/** What disks do to files. */
final class Damage {
  private Damage() {}

  /** The only file of that kind. */
  static Path only(Path directory, String glob) throws IOException {
    List<Path> found = all(directory, glob);
    assertEquals(1, found.size(), found.toString());
    return found.getFirst();
  }

  static List<Path> all(Path directory, String glob) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      var matcher = directory.getFileSystem().getPathMatcher("glob:" + glob);
      return files.filter(file -> matcher.matches(file.getFileName())).sorted().toList();
    }
  }

  /** Flips one bit of the log's record of that number, counted from 1. */
  static void flip(Path file, int record) throws IOException {
    flipAt(file, contentOf(file, record));
  }

  /** Flips one bit in the middle. */
  static void flipMiddle(Path file) throws IOException {
    flipAt(file, Files.size(file) / 2);
  }

  private static void flipAt(Path file, long position) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, position);
      one.put(0, (byte) (one.get(0) ^ 1)).rewind();
      channel.write(one, position);
    }
  }

  /** Zeros from the content of that record on, as a lost write leaves them. */
  static void tear(Path file, int record) throws IOException {
    long position = contentOf(file, record);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      long length = channel.size();
      channel.write(ByteBuffer.allocate((int) (length - position)), position);
    }
  }

  /** Where a record's content begins: each is its length, a checksum and that. */
  static int contentOf(Path file, int record) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file));
    int at = JournalSegmentDescriptor.BYTES;
    for (int before = 1; before < record; before++) {
      assertTrue(in.getInt(at) > 0, before + " is the last record of " + file);
      at += 8 + in.getInt(at);
    }
    return at + 8;
  }

  static void truncate(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() / 2);
    }
  }
}
