package io.meshd.daemon.ingress;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.dataplane.sys.Netns;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of the bytes, the ends and the resets of proxied connections. */
@Timeout(120)
class IngressStreamTest {
  private static final int PORT = 8080;
  private static final long BULK_BYTES = 100L << 20;

  private TwoNamespaces namespaces;
  private Ingress ingress;

  @BeforeEach
  void open() throws Exception {
    namespaces = new TwoNamespaces();
    ingress = namespaces.open();
  }

  @AfterEach
  void close() throws Exception {
    ingress.close();
    namespaces.close();
  }

  @Test
  void carriesBulkBothWaysUnchanged() throws Exception {
    try (TestBackend backend = TestBackend.echo("a", namespaces);
        SocketChannel connection = connectTo(backend)) {
      MessageDigest sent = MessageDigest.getInstance("SHA-256");
      Thread writer = Thread.ofPlatform().start(() -> writeBulk(connection, sent));
      MessageDigest received = MessageDigest.getInstance("SHA-256");
      ByteBuffer buffer = ByteBuffer.allocateDirect(128 * 1024);
      long total = 0;
      for (int n; (n = connection.read(buffer.clear())) >= 0; total += n) {
        received.update(buffer.flip());
      }
      writer.join();
      assertEquals(BULK_BYTES, total);
      assertArrayEquals(sent.digest(), received.digest());
      await().until(() -> counter(IngressCounter.COMPLETED) == 1);
      assertEquals(BULK_BYTES, counter(IngressCounter.BYTES_TO_BACKEND));
      assertEquals(BULK_BYTES, counter(IngressCounter.BYTES_TO_CLIENT));
    }
  }

  @Test
  void aHalfClosedClientStillGetsTheAnswer() throws Exception {
    TestBackend.Service countThenAnswer =
        connection -> {
          ByteBuffer buffer = ByteBuffer.allocate(4096);
          long total = 0;
          for (int n; (n = connection.read(buffer.clear())) >= 0; total += n) {}
          connection.write(ByteBuffer.wrap(Long.toString(total).getBytes(StandardCharsets.UTF_8)));
        };
    try (TestBackend backend = new TestBackend("a", namespaces, countThenAnswer);
        SocketChannel connection = connectTo(backend)) {
      connection.write(ByteBuffer.allocate(10_000));
      connection.shutdownOutput();
      assertEquals("10000", readText(connection));
    }
  }

  @Test
  void aHalfClosedBackendStillGetsTheRequest() throws Exception {
    AtomicLong received = new AtomicLong();
    TestBackend.Service endThenCount =
        connection -> {
          connection.write(ByteBuffer.wrap("hello".getBytes(StandardCharsets.UTF_8)));
          connection.shutdownOutput();
          ByteBuffer buffer = ByteBuffer.allocate(4096);
          for (int n; (n = connection.read(buffer.clear())) >= 0; received.addAndGet(n)) {}
          received.incrementAndGet();
        };
    try (TestBackend backend = new TestBackend("a", namespaces, endThenCount);
        SocketChannel connection = connectTo(backend)) {
      assertEquals("hello", readText(connection));
      connection.write(ByteBuffer.allocate(10_000));
      connection.shutdownOutput();
      await().until(() -> received.get() == 10_001);
    }
  }

  @Test
  void aClientThatDoesNotReadStopsTheBackend() throws Exception {
    AtomicLong sent = new AtomicLong();
    TestBackend.Service sendBulk =
        connection -> {
          ByteBuffer zeros = ByteBuffer.allocateDirect(256 * 1024);
          while (sent.get() < BULK_BYTES) {
            sent.addAndGet(connection.write(zeros.clear()));
          }
        };
    try (TestBackend backend = new TestBackend("a", namespaces, sendBulk);
        SocketChannel connection = connectTo(backend)) {
      await()
          .during(Duration.ofSeconds(1))
          .atMost(Duration.ofSeconds(20))
          .until(unchanged(IngressCounter.BYTES_TO_CLIENT));
      // What the kernel buffers of four sockets hold, and little of this process.
      assertTrue(sent.get() < 40L << 20, "backend could send " + sent);
      ByteBuffer buffer = ByteBuffer.allocateDirect(256 * 1024);
      long total = 0;
      for (int n; (n = connection.read(buffer.clear())) >= 0; total += n) {}
      assertEquals(sent.get(), total);
    }
  }

  @Test
  void aResetOfTheBackendResetsTheClientAfterItsBytes() throws Exception {
    TestBackend.Service answerThenReset =
        connection -> {
          connection.read(ByteBuffer.allocate(16));
          connection.write(ByteBuffer.wrap("part".getBytes(StandardCharsets.UTF_8)));
          connection.read(ByteBuffer.allocate(16));
          connection.setOption(StandardSocketOptions.SO_LINGER, 0);
        };
    try (TestBackend backend = new TestBackend("a", namespaces, answerThenReset);
        SocketChannel connection = connectTo(backend)) {
      connection.write(ByteBuffer.allocate(1));
      ByteBuffer buffer = ByteBuffer.allocate(4);
      while (buffer.hasRemaining()) {
        connection.read(buffer);
      }
      connection.write(ByteBuffer.allocate(1));
      assertThrows(IOException.class, () -> connection.read(ByteBuffer.allocate(1)));
      assertEquals(1, counter(IngressCounter.FAILED_BACKEND_RESET));
    }
  }

  @Test
  void aResetOfTheClientResetsTheBackend() throws Exception {
    CountDownLatch reset = new CountDownLatch(1);
    TestBackend.Service waitForReset =
        connection -> {
          try {
            while (connection.read(ByteBuffer.allocate(16)) >= 0) {}
          } catch (IOException e) {
            reset.countDown();
          }
        };
    try (TestBackend backend = new TestBackend("a", namespaces, waitForReset)) {
      SocketChannel connection = connectTo(backend);
      await().until(() -> counter(IngressCounter.CONNECTED) == 1);
      connection.setOption(StandardSocketOptions.SO_LINGER, 0);
      connection.close();
      reset.await();
      assertEquals(1, counter(IngressCounter.FAILED_CLIENT_RESET));
    }
  }

  @Test
  void manyShortConnectionsAtOnceAllGetTheirAnswer() throws Exception {
    int threads = 16;
    int perThread = 200;
    int all = threads * perThread;
    try (TestBackend a = TestBackend.saysItsName("a", namespaces);
        TestBackend b = TestBackend.saysItsName("b", namespaces);
        ExecutorService clients =
            Executors.newFixedThreadPool(threads, Netns.threadFactory(namespaces.host()))) {
      publish(a, b);
      List<Future<Integer>> answered = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        answered.add(clients.submit(() -> askRepeatedly(perThread)));
      }
      for (Future<Integer> each : answered) {
        assertEquals(perThread, each.get());
      }
      assertEquals(all, a.accepted() + b.accepted());
      assertTrue(Math.abs(a.accepted() - b.accepted()) < all / 10);
      await().until(() -> counter(IngressCounter.COMPLETED) == all);
    }
  }

  private int askRepeatedly(int times) throws Exception {
    int answers = 0;
    for (int i = 0; i < times; i++) {
      try (SocketChannel connection =
          SocketChannel.open(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), PORT))) {
        if (readText(connection).length() == 1) {
          answers++;
        }
      }
    }
    return answers;
  }

  private SocketChannel connectTo(TestBackend backend) throws Exception {
    publish(backend);
    return namespaces.connect("127.0.0.1", PORT);
  }

  private void publish(TestBackend... backends) throws IOException {
    List<IngressPort.Backend> list = new ArrayList<>();
    for (TestBackend backend : backends) {
      list.add(backend.backend());
    }
    ingress.apply(List.of(new IngressPort(PORT, "web", list)));
  }

  private static void writeBulk(SocketChannel connection, MessageDigest digest) {
    Random random = new Random(42);
    byte[] block = new byte[1 << 20];
    try {
      for (long sent = 0; sent < BULK_BYTES; sent += block.length) {
        random.nextBytes(block);
        digest.update(block);
        ByteBuffer buffer = ByteBuffer.wrap(block);
        while (buffer.hasRemaining()) {
          connection.write(buffer);
        }
      }
      connection.shutdownOutput();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String readText(SocketChannel connection) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(1024);
    while (connection.read(buffer) >= 0) {}
    return StandardCharsets.UTF_8.decode(buffer.flip()).toString();
  }

  /** True while the counter has not moved since the condition was last looked at. */
  private Callable<Boolean> unchanged(IngressCounter counter) {
    AtomicLong last = new AtomicLong(-1);
    return () -> last.getAndSet(counter(counter)) == counter(counter);
  }

  private long counter(IngressCounter counter) {
    return ingress.counters().getOrDefault(counter.label(), -1L);
  }
}
