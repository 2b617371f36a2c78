package io.meshd.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.dataplane.sys.Netns;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.CRC32C;

/** Random bytes by TCP from one namespace to another, compared by checksum. */
final class Transfer {
  private static final int TIMEOUT_MILLIS = 60_000;

  private Transfer() {}

  static void check(String from, String to, String address, long bytes) throws Exception {
    check(from, to, address, address, bytes);
  }

  /**
   * @param dialed what the sender connects to: the address bound, or a virtual one
   */
  static void check(String from, String to, String address, String dialed, long bytes)
      throws Exception {
    ServerSocket server =
        Netns.call(
            TestNamespaces.path(to),
            () -> {
              ServerSocket socket = new ServerSocket();
              socket.bind(new InetSocketAddress(address, 0));
              socket.setSoTimeout(TIMEOUT_MILLIS);
              return socket;
            });
    try (server;
        ExecutorService receiver = Executors.newSingleThreadExecutor()) {
      Future<Long> received = receiver.submit(() -> receive(server));
      long sent =
          Netns.call(
              TestNamespaces.path(from),
              () -> send(new InetSocketAddress(dialed, server.getLocalPort()), bytes));
      assertEquals(sent, received.get());
    }
  }

  private static long send(InetSocketAddress to, long bytes) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(to, 5000);
      OutputStream out = socket.getOutputStream();
      SplittableRandom random = new SplittableRandom(bytes);
      CRC32C checksum = new CRC32C();
      byte[] chunk = new byte[256 * 1024];
      for (long left = bytes; left > 0; left -= chunk.length) {
        random.nextBytes(chunk);
        int length = (int) Math.min(left, chunk.length);
        checksum.update(chunk, 0, length);
        out.write(chunk, 0, length);
      }
      return checksum.getValue();
    }
  }

  private static long receive(ServerSocket server) throws IOException {
    try (Socket socket = server.accept()) {
      socket.setSoTimeout(TIMEOUT_MILLIS);
      InputStream in = socket.getInputStream();
      CRC32C checksum = new CRC32C();
      byte[] chunk = new byte[256 * 1024];
      for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
        checksum.update(chunk, 0, n);
      }
      return checksum.getValue();
    }
  }
}
