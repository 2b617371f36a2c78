package io.meshd.daemon.tasks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a task has open in its network namespace towards others, loopback left out, as {@code
 * /proc/PID/net} lists it (proc(5)).
 *
 * @param listening TCP ports
 * @param datagrams whether there is a UDP socket
 * @param connections TCP connections that came to one of {@code listening} and still have something
 *     to say; those that are over on this side, and only wait, are not counted
 */
public record TaskSockets(Set<Integer> listening, boolean datagrams, int connections) {
  private static final int LISTEN = 0x0a;

  /**
   * Established, SYN received, FIN_WAIT1, CLOSE_WAIT, LAST_ACK, CLOSING (net/tcp_states.h): bytes
   * may be on their way out.
   */
  private static final Set<Integer> BUSY = Set.of(0x01, 0x03, 0x04, 0x08, 0x09, 0x0b);

  private record Socket(boolean loopback, int port, int state) {}

  /**
   * @throws IOException when the process is gone
   */
  public static TaskSockets of(long pid) throws IOException {
    Path net = Path.of("/proc/" + pid + "/net");
    Set<Integer> listening = new HashSet<>();
    int connections = 0;
    List<Socket> tcp = new ArrayList<>(read(net.resolve("tcp")));
    tcp.addAll(read(net.resolve("tcp6")));
    for (Socket socket : tcp) {
      if (socket.state == LISTEN && !socket.loopback) {
        listening.add(socket.port);
      }
    }
    for (Socket socket : tcp) {
      if (BUSY.contains(socket.state) && !socket.loopback && listening.contains(socket.port)) {
        connections++;
      }
    }
    List<Socket> udp = new ArrayList<>(read(net.resolve("udp")));
    udp.addAll(read(net.resolve("udp6")));
    boolean datagrams = udp.stream().anyMatch(socket -> !socket.loopback);
    return new TaskSockets(Set.copyOf(listening), datagrams, connections);
  }

  boolean listensOn(Collection<Integer> ports) {
    return listening.containsAll(ports);
  }

  /** Nobody can have come to it. */
  boolean servesNobody() {
    return listening.isEmpty() && !datagrams;
  }

  private static List<Socket> read(Path table) throws IOException {
    try (Stream<String> lines = Files.lines(table)) {
      return lines.skip(1).map(TaskSockets::parse).toList();
    } catch (NoSuchFileException e) {
      if (Files.exists(table.getParent())) {
        return List.of(); // a kernel without IPv6
      }
      throw e;
    }
  }

  /** {@code sl: ADDRESS:PORT ADDRESS:PORT STATE ...}, numbers in hexadecimal. */
  private static Socket parse(String line) {
    String[] fields = line.strip().split(" +", 5);
    int colon = fields[1].lastIndexOf(':');
    return new Socket(
        loopback(fields[1].substring(0, colon)),
        Integer.parseInt(fields[1].substring(colon + 1), 16),
        Integer.parseInt(fields[3], 16));
  }

  /** Words in the byte order of a little-endian machine: 127.0.0.1 is 0100007F. */
  private static boolean loopback(String address) {
    boolean v4 = address.length() == 8 || address.startsWith("0000000000000000FFFF0000");
    return v4 ? address.endsWith("7F") : address.equals("00000000000000000000000001000000");
  }
}
