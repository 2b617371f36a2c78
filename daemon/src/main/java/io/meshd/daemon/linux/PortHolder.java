package io.meshd.daemon.linux;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which process holds a port of the network namespace of the calling thread, by proc_pid_net(5) and
 * proc_pid_fd(5). A socket that is bound but never listened appears in no table and is not found.
 *
 * @param pid process id
 * @param name its comm, at most 15 characters
 */
public record PortHolder(long pid, String name) {
  private static final String TCP_LISTEN = "0A";

  /** "nginx (PID 812)". */
  @Override
  public String toString() {
    return name + " (PID " + pid + ")";
  }

  /**
   * Looks a holder up; empty when it cannot be told.
   *
   * @param protocol "tcp" or "udp"; both address families are looked through
   */
  public static Optional<PortHolder> find(String protocol, int port) {
    Set<String> listening = new HashSet<>();
    Set<String> connected = new HashSet<>();
    for (String family : List.of("", "6")) {
      readTable(Path.of("/proc/thread-self/net", protocol + family), port, listening, connected);
    }
    Set<String> wanted = listening.isEmpty() ? connected : listening;
    return wanted.isEmpty() ? Optional.empty() : ownerOf(wanted);
  }

  /** Lines: {@code sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode ...}. */
  private static void readTable(
      Path table, int port, Set<String> listening, Set<String> connected) {
    String suffix = String.format(":%04X", port);
    try {
      for (String line : Files.readAllLines(table)) {
        String[] field = line.strip().split("\\s+", -1);
        if (field.length < 10 || !field[1].endsWith(suffix) || field[9].equals("0")) {
          continue;
        }
        (field[3].equals(TCP_LISTEN) ? listening : connected).add("socket:[" + field[9] + "]");
      }
    } catch (IOException e) {
      // No such family in this kernel: nothing of it can hold the port.
    }
  }

  private static Optional<PortHolder> ownerOf(Set<String> sockets) {
    for (Path process : children(Path.of("/proc"))) {
      String pid = process.getFileName().toString();
      if (!Character.isDigit(pid.charAt(0))) {
        continue;
      }
      for (Path descriptor : children(process.resolve("fd"))) {
        try {
          if (sockets.contains(Files.readSymbolicLink(descriptor).toString())) {
            String name = Files.readString(process.resolve("comm")).strip();
            return Optional.of(new PortHolder(Long.parseLong(pid), name));
          }
        } catch (IOException e) {
          // The descriptor or its process went away while it was read.
        }
      }
    }
    return Optional.empty();
  }

  private static List<Path> children(Path directory) {
    List<Path> paths = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      stream.forEach(paths::add);
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      // A process that ended, or that is not ours to look into.
    }
    return paths;
  }
}
