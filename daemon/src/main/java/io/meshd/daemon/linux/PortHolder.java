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
import org.jspecify.annotations.Nullable;

/**
 * Which process holds a port of the network namespace of the calling thread, by proc_pid_net(5) and
 * proc_pid_fd(5). A socket that is bound but never listened appears in no table and is not found.
 *
 * @param pid process id
 * @param name its comm, at most 15 characters
 */
public record PortHolder(long pid, String name) {
  private static final String TCP_LISTEN = "0A";
  private static final String UDP_UNCONNECTED = "07";

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
      for (Entry entry : entries(Path.of("/proc/thread-self/net", protocol + family), port)) {
        (entry.state.equals(TCP_LISTEN) ? listening : connected).add(entry.socket);
      }
    }
    Set<String> wanted = listening.isEmpty() ? connected : listening;
    return wanted.isEmpty() ? Optional.empty() : ownerOf(wanted);
  }

  /**
   * The server on a port: a TCP socket that listens or a UDP socket that takes anybody's datagrams.
   *
   * @param address dotted IPv4 that is wanted; one that serves another address alone is in nobody's
   *     way; null for all
   */
  public static Optional<PortHolder> serving(String protocol, @Nullable String address, int port) {
    Set<String> sockets = new HashSet<>();
    String state = protocol.equals("udp") ? UDP_UNCONNECTED : TCP_LISTEN;
    for (String family : List.of("", "6")) {
      for (Entry entry : entries(Path.of("/proc/thread-self/net", protocol + family), port)) {
        if (entry.state.equals(state) && (address == null || entry.serves(address))) {
          sockets.add(entry.socket);
        }
      }
    }
    return sockets.isEmpty() ? Optional.empty() : ownerOf(sockets);
  }

  /**
   * @param address as in the table: 32-bit words in hex, each in the machine's byte order
   * @param socket as the link of its descriptor reads
   */
  private record Entry(String address, String state, String socket) {
    boolean serves(String wanted) {
      if (address.chars().allMatch(c -> c == '0')) {
        return true;
      }
      StringBuilder hex = new StringBuilder();
      for (String part : wanted.split("\\.", -1)) {
        hex.insert(0, String.format("%02X", Integer.parseInt(part)));
      }
      return address.endsWith(hex.toString());
    }
  }

  /** Lines: {@code sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode ...}. */
  private static List<Entry> entries(Path table, int port) {
    String suffix = String.format(":%04X", port);
    List<Entry> entries = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(table)) {
        String[] field = line.strip().split("\\s+", -1);
        if (field.length >= 10 && field[1].endsWith(suffix) && !field[9].equals("0")) {
          String address = field[1].substring(0, field[1].length() - suffix.length());
          entries.add(new Entry(address, field[3], "socket:[" + field[9] + "]"));
        }
      }
    } catch (IOException e) {
      // No such family in this kernel: nothing of it can hold the port.
    }
    return entries;
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
