package io.meshd.testcluster.peer;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * HTTP requests, each over a connection of its own, by so many at once: {@code WORKERS PAUSE_MILLIS
 * LEAST UNTIL HOST:PORT...}. Goes on until the file UNTIL is there and at least LEAST requests were
 * made; then prints {@code N requests, M failed} and, below it, how many failed in which way.
 */
public final class Requests {
  private static final int PATIENCE_MILLIS = 10_000;
  private static final byte[] REQUEST =
      "GET / HTTP/1.0\r\nHost: mesh\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final AtomicLong made = new AtomicLong();
  private final Map<String, Long> failures = new TreeMap<>();
  private final InetSocketAddress[] servers;

  private Requests(InetSocketAddress[] servers) {
    this.servers = servers;
  }

  public static void main(String[] args) throws InterruptedException {
    InetSocketAddress[] servers = new InetSocketAddress[args.length - 4];
    for (int i = 0; i < servers.length; i++) {
      String[] hostPort = args[i + 4].split(":", 2);
      servers[i] = new InetSocketAddress(hostPort[0], Integer.parseInt(hostPort[1]));
    }
    Requests requests = new Requests(servers);
    long pause = Long.parseLong(args[1]) * 1_000_000;
    long least = Long.parseLong(args[2]);
    Path until = Path.of(args[3]);
    Thread[] workers = new Thread[Integer.parseInt(args[0])];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = Thread.ofPlatform().start(() -> requests.run(pause, least, until));
    }
    for (Thread worker : workers) {
      worker.join();
    }
    requests.print();
  }

  private void run(long pauseNanos, long least, Path until) {
    while (made.get() < least || !Files.exists(until)) {
      InetSocketAddress server = servers[(int) (made.getAndIncrement() % servers.length)];
      try {
        ask(server);
      } catch (IOException e) {
        synchronized (failures) {
          failures.merge(server.getHostString() + ": " + e, 1L, Long::sum);
        }
      }
      LockSupport.parkNanos(pauseNanos);
    }
  }

  private static void ask(InetSocketAddress server) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(server, PATIENCE_MILLIS);
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.getOutputStream().write(REQUEST);
      InputStream in = socket.getInputStream();
      String answer = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
      if (!answer.startsWith("HTTP/1.1 200 ") || !answer.endsWith("\n")) {
        throw new IOException("answered \"" + answer.replace("\r\n", " ") + "\"");
      }
    }
  }

  private void print() {
    long failed = failures.values().stream().mapToLong(Long::longValue).sum();
    System.out.println(made.get() + " requests, " + failed + " failed");
    failures.forEach((how, count) -> System.out.println(count + " " + how));
  }
}
