package io.meshd.daemon.raft;

import io.meshd.daemon.disk.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/**
 * The name under which a log's folder takes part: {@code <nodeId>.<8 letters>}, in the file {@code
 * member}. An empty folder gets a new name, so that a member that has forgotten what it promised is
 * never taken for the one that promised it.
 */
final class MemberFile {
  private static final String NAME = "member";
  private static final String CONFIGURATION = "meshd.conf";
  private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
  private static final int RANDOM_LETTERS = 8;
  private static final SecureRandom RANDOM = new SecureRandom();

  private MemberFile() {}

  /** Null when the folder has none. */
  static @Nullable String read(Path folder) throws IOException {
    Path file = folder.resolve(NAME);
    return Files.exists(file) ? Files.readString(file, StandardCharsets.US_ASCII).strip() : null;
  }

  /** Whether anything of a log is in the folder. */
  static boolean holdsLog(Path folder) {
    return Files.exists(folder.resolve(CONFIGURATION)) || Rejoin.isBegun(folder);
  }

  /** Removes all that a member has written there. */
  static void clear(Path folder) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
  }

  /** The folder's name; a new one when it has none. A log without one is named as its node. */
  static String readOrMake(Path folder, String node) throws IOException {
    String known = read(folder);
    if (known != null) {
      return known;
    }
    String made = Files.exists(folder.resolve(CONFIGURATION)) ? node : fresh(node);
    write(folder, made);
    return made;
  }

  static void write(Path folder, String member) throws IOException {
    DurableFiles.write(folder.resolve(NAME), (member + "\n").getBytes(StandardCharsets.US_ASCII));
  }

  static String fresh(String node) {
    StringBuilder name = new StringBuilder(node).append('.');
    for (int i = 0; i < RANDOM_LETTERS; i++) {
      name.append(LETTERS.charAt(RANDOM.nextInt(LETTERS.length())));
    }
    return name.toString();
  }
}
