package io.meshd.testcluster.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.LockSupport;

/**
 * One TCP connection that goes on and on: {@code send HOST PORT} writes a number every 20 ms, 1, 2,
 * 3, ..., and ends when the connection breaks; {@code receive PORT FILE} appends each number to
 * FILE as a line, and a line {@code open} where a connection begins.
 */
public final class Ticks {
  private static final long INTERVAL_NANOS = 20_000_000;

  private Ticks() {}

  public static void main(String[] args) throws IOException {
    switch (args[0]) {
      case "receive" -> receive(Integer.parseInt(args[1]), Path.of(args[2]));
      case "send" -> send(args[1], Integer.parseInt(args[2]));
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  private static void receive(int port, Path file) throws IOException {
    try (ServerSocket server = new ServerSocket(port)) {
      while (true) {
        try (Socket socket = server.accept();
            BufferedReader lines =
                new BufferedReader(
                    new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))) {
          append(file, "open");
          for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            append(file, line);
          }
        }
      }
    }
  }

  private static void append(Path file, String line) throws IOException {
    Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private static void send(String host, int port) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(host, port), 5_000);
      socket.setTcpNoDelay(true);
      PrintStream out = new PrintStream(socket.getOutputStream(), true, StandardCharsets.US_ASCII);
      for (int i = 1; !out.checkError(); i++) {
        out.print(i + "\n");
        out.flush();
        LockSupport.parkNanos(INTERVAL_NANOS);
      }
    }
  }
}
