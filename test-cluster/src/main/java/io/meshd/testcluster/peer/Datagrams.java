package io.meshd.testcluster.peer;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code send HOST PORT} sends a UDP datagram every 20 ms, whatever happens; {@code receive PORT
 * FILE} appends the sender's address to FILE for each. {@code echo PORT} answers each with its
 * sender's address, its length and itself, from an unbound socket; {@code ask HOST PORT BYTES}
 * sends one to that and prints address and length of the answer, or that none came in 3 s.
 */
public final class Datagrams {
  private static final long INTERVAL_NANOS = 20_000_000;

  private static final int LARGEST = 65_536;

  private Datagrams() {}

  public static void main(String[] args) throws IOException {
    switch (args[0]) {
      case "receive" -> receive(Integer.parseInt(args[1]), Path.of(args[2]));
      case "send" -> send(InetAddress.getByName(args[1]), Integer.parseInt(args[2]));
      case "echo" -> echo(Integer.parseInt(args[1]));
      case "ask" ->
          ask(InetAddress.getByName(args[1]), Integer.parseInt(args[2]), Integer.parseInt(args[3]));
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

  private static void echo(int port) throws IOException {
    try (DatagramSocket socket = new DatagramSocket(port)) {
      byte[] buffer = new byte[LARGEST];
      while (true) {
        DatagramPacket asked = new DatagramPacket(buffer, buffer.length);
        socket.receive(asked);
        String who = asked.getAddress().getHostAddress() + " " + asked.getLength() + " ";
        byte[] answer =
            Arrays.copyOf(
                who.getBytes(StandardCharsets.US_ASCII), who.length() + asked.getLength());
        System.arraycopy(buffer, 0, answer, who.length(), asked.getLength());
        socket.send(new DatagramPacket(answer, answer.length, asked.getSocketAddress()));
      }
    }
  }

  private static void ask(InetAddress host, int port, int bytes) throws IOException {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.setSoTimeout(3_000);
      socket.send(new DatagramPacket(new byte[bytes], bytes, host, port));
      DatagramPacket answer = new DatagramPacket(new byte[LARGEST], LARGEST);
      socket.receive(answer);
      String text =
          new String(answer.getData(), 0, answer.getLength(), StandardCharsets.ISO_8859_1);
      String who = text.substring(0, text.indexOf(' '));
      System.out.println(who + " " + text.substring(who.length() + 1).replaceFirst(" .*", ""));
    } catch (SocketTimeoutException e) {
      System.out.println("no answer");
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
