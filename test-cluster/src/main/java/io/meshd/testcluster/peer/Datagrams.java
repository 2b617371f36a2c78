package io.meshd.testcluster.peer;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code send HOST PORT} sends a UDP datagram every 20 ms, whatever happens; {@code receive PORT
 * FILE} appends the sender's address to FILE for each.
 */
public final class Datagrams {
  private static final long INTERVAL_NANOS = 20_000_000;

  private Datagrams() {}

  public static void main(String[] args) throws IOException {
    switch (args[0]) {
      case "receive" -> receive(Integer.parseInt(args[1]), Path.of(args[2]));
      case "send" -> send(InetAddress.getByName(args[1]), Integer.parseInt(args[2]));
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  private static void receive(int port, Path file) throws IOException {
    try (DatagramSocket socket = new DatagramSocket(port)) {
      DatagramPacket packet = new DatagramPacket(new byte[64], 64);
      while (true) {
        socket.receive(packet);
        Files.writeString(
            file,
            packet.getAddress().getHostAddress() + "\n",
            StandardOpenOption.CREATE,
            StandardOpenOption.APPEND);
      }
    }
  }

  private static void send(InetAddress host, int port) throws IOException {
    byte[] text = "here".getBytes(StandardCharsets.US_ASCII);
    try (DatagramSocket socket = new DatagramSocket()) {
      while (true) {
        try {
          socket.send(new DatagramPacket(text, text.length, host, port));
        } catch (IOException ignored) {
          // No way there at the moment: the next one may find it.
        }
        LockSupport.parkNanos(INTERVAL_NANOS);
      }
    }
  }
}
