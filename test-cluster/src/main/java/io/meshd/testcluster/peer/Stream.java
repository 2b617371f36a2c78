package io.meshd.testcluster.peer;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.SplittableRandom;

/**
 * Bulk data over one TCP connection, with its checksum.
 *
 * <p>{@code receive PORT FILE} takes one connection to its end, {@code send HOST PORT BYTES} makes
 * it. The sender prints {@code BYTES SHA256}, the receiver leaves the same in FILE.
 */
public final class Stream {
  private Stream() {}

  public static void main(String[] args) throws IOException {
    switch (args[0]) {
      case "receive" -> receive(Integer.parseInt(args[1]), Path.of(args[2]));
      case "send" -> send(args[1], Integer.parseInt(args[2]), Long.parseLong(args[3]));
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  private static void receive(int port, Path file) throws IOException {
    try (ServerSocket server = new ServerSocket(port);
        Socket socket = server.accept();
        InputStream in = socket.getInputStream()) {
      MessageDigest digest = sha256();
      byte[] buffer = new byte[1 << 18];
      long total = 0;
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
        total += n;
      }
      Path written = file.resolveSibling(file.getFileName() + ".new");
      Files.writeString(written, report(total, digest));
      Files.move(written, file);
    }
  }

  private static void send(String host, int port, long bytes) throws IOException {
    try (Socket socket = connect(host, port);
        OutputStream out = socket.getOutputStream()) {
      MessageDigest digest = sha256();
      SplittableRandom random = new SplittableRandom(bytes);
      ByteBuffer block = ByteBuffer.allocate(1 << 18);
      for (long left = bytes; left > 0; left -= block.capacity()) {
        block.clear();
        while (block.hasRemaining()) {
          block.putLong(random.nextLong());
        }
        int n = (int) Math.min(left, block.capacity());
        digest.update(block.array(), 0, n);
        out.write(block.array(), 0, n);
      }
      System.out.println(report(bytes, digest));
    }
  }

  private static Socket connect(String host, int port) throws IOException {
    Socket socket = new Socket();
    socket.connect(new InetSocketAddress(host, port), 5_000);
    return socket;
  }

  private static String report(long bytes, MessageDigest digest) {
    return bytes + " " + HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
