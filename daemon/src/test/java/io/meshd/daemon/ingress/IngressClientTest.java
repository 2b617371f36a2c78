package io.meshd.daemon.ingress;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.ingress.IngressPort.Backend;
import io.meshd.daemon.ingress.IngressPort.Balancing;
import io.meshd.daemon.ingress.IngressPort.ClientAddress;
import io.meshd.daemon.ingress.IngressPort.Protocol;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What backends learn of their clients, and clients of backends that are gone. */
@Timeout(60)
class IngressClientTest {
  private static final int PORT = 8080;
  private static final byte[] SIGNATURE = {13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10};

  private TwoNamespaces namespaces;
  private Ingress ingress;
  private final List<AutoCloseable> opened = new ArrayList<>();
  private final BlockingQueue<byte[]> heard = new LinkedBlockingQueue<>();

  @BeforeEach
  void open() throws Exception {
    namespaces = new TwoNamespaces();
    opened.add(namespaces);
    ingress = namespaces.open();
    opened.add(ingress);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable resource : opened.reversed()) {
      resource.close();
    }
  }

  @Test
  void aBackendIsToldItsIpv4ClientBeforeTheFirstByte() throws Exception {
    publish(ClientAddress.PROXY_V2, listener());
    try (SocketChannel connection = namespaces.connect("127.0.0.1", PORT)) {
      send(connection, "hello");
      ByteBuffer expected = ByteBuffer.allocate(64).put(SIGNATURE);
      expected.put((byte) 0x21).put((byte) 0x11).putShort((short) 12);
      expected.put(new byte[] {127, 0, 0, 1, 127, 0, 0, 1});
      expected.putShort((short) localPort(connection)).putShort((short) PORT);
      expected.put("hello".getBytes(StandardCharsets.UTF_8));
      assertArrayEquals(written(expected), heard.poll(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void aBackendIsToldItsIpv6Client() throws Exception {
    publish(ClientAddress.PROXY_V2, listener());
    try (SocketChannel connection = namespaces.connect("::1", PORT)) {
      send(connection, "hello");
      ByteBuffer expected = ByteBuffer.allocate(64).put(SIGNATURE);
      expected.put((byte) 0x21).put((byte) 0x21).putShort((short) 36);
      expected.put(InetAddress.ofLiteral("::1").getAddress());
      expected.put(InetAddress.ofLiteral("::1").getAddress());
      expected.putShort((short) localPort(connection)).putShort((short) PORT);
      expected.put("hello".getBytes(StandardCharsets.UTF_8));
      assertArrayEquals(written(expected), heard.poll(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void aServerThatSpeaksFirstIsToldAtOnce() throws Exception {
    TestBackend.Service greetAfterHeader =
        connection -> {
          ByteBuffer header = ByteBuffer.allocate(28);
          while (header.hasRemaining() && connection.read(header) >= 0) {}
          connection.write(ByteBuffer.wrap("220 hi".getBytes(StandardCharsets.UTF_8)));
        };
    publish(ClientAddress.PROXY_V2, keep(new TestBackend("smtp", namespaces, greetAfterHeader)));
    try (SocketChannel connection = namespaces.connect("127.0.0.1", PORT)) {
      assertEquals("220 hi", readText(connection));
    }
  }

  @Test
  void whatAClientClaimsToBeIsPayload() throws Exception {
    String claim = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n";
    publish(ClientAddress.SNAT, listener());
    try (SocketChannel connection = namespaces.connect("127.0.0.1", PORT)) {
      send(connection, claim);
      assertEquals(claim, new String(heardNext(), StandardCharsets.UTF_8));
    }
    publish(ClientAddress.PROXY_V2, listener());
    ByteBuffer forged = ByteBuffer.allocate(28).put(SIGNATURE);
    forged.put((byte) 0x21).put((byte) 0x11).putShort((short) 12).put(new byte[12]);
    try (SocketChannel connection = namespaces.connect("127.0.0.1", PORT)) {
      connection.write(forged.duplicate().flip());
      connection.shutdownOutput();
      byte[] all = heardNext();
      assertEquals(56, all.length);
      assertEquals(127, all[16]);
      assertArrayEquals(written(forged), Arrays.copyOfRange(all, 28, 56));
    }
  }

  @Test
  void theHeaderGoesToTheBackendThatAnswers() throws Exception {
    TestBackend gone = listener();
    Backend refusing = gone.backend();
    gone.close();
    ingress.apply(List.of(port(ClientAddress.PROXY_V2, List.of(refusing, listener().backend()))));
    for (int i = 0; i < 4; i++) {
      try (SocketChannel connection = namespaces.connect("127.0.0.1", PORT)) {
        send(connection, "hello");
        assertEquals(33, heardNext().length);
      }
    }
    assertTrue(counter(IngressCounter.BACKEND_EJECTED) >= 1);
  }

  @Test
  void probesThatConnectAndCloseEjectNobody() throws Exception {
    publish(ClientAddress.SNAT, listener(), listener());
    for (int i = 0; i < 50; i++) {
      SocketChannel probe = namespaces.connect("127.0.0.1", PORT);
      if (i % 2 == 0) {
        probe.setOption(StandardSocketOptions.SO_LINGER, 0);
      }
      probe.close();
    }
    await().until(() -> counter(IngressCounter.ACCEPTED) == 50);
    await()
        .until(
            () ->
                counter(IngressCounter.COMPLETED) + counter(IngressCounter.FAILED_CLIENT_RESET)
                    == 50);
    assertEquals(0, counter(IngressCounter.BACKEND_EJECTED));
    assertEquals(0, counter(IngressCounter.ATTEMPT_REFUSED));
  }

  @Test
  void connectionsToANodeThatIsDownAreReset() throws Exception {
    TestBackend a = keep(TestBackend.echo("a", namespaces));
    TestBackend b = keep(TestBackend.echo("b", namespaces));
    publish(ClientAddress.SNAT, a, b);
    try (SocketChannel first = namespaces.connect("127.0.0.1", PORT);
        SocketChannel second = namespaces.connect("127.0.0.1", PORT)) {
      await().until(() -> a.accepted() == 1 && b.accepted() == 1);
      ingress.apply(List.of(port(ClientAddress.SNAT, List.of(b.backend()))), Set.of("a"));
      await().until(() -> counter(IngressCounter.FAILED_NODE_DOWN) == 1);
      int reset = 0;
      for (SocketChannel each : List.of(first, second)) {
        try {
          send(each, "x");
          assertEquals(1, each.read(ByteBuffer.allocate(1)));
        } catch (IOException e) {
          reset++;
        }
      }
      assertEquals(1, reset);
    }
  }

  @Test
  void moreConnectionsThanAPortMayHaveAreReset() throws Exception {
    Ingress small = namespaces.open(2);
    opened.add(small);
    ingress = small;
    publish(ClientAddress.SNAT, keep(TestBackend.echo("a", namespaces)));
    try (SocketChannel _ = namespaces.connect("127.0.0.1", PORT)) {
      try (SocketChannel _ = namespaces.connect("127.0.0.1", PORT)) {
        await().until(() -> counter(IngressCounter.CONNECTED) == 2);
        try (SocketChannel third = namespaces.connect("127.0.0.1", PORT)) {
          assertThrows(IOException.class, () -> third.read(ByteBuffer.allocate(1)));
        }
        assertEquals(1, counter(IngressCounter.FAILED_LIMIT));
      }
      await().until(() -> counter(IngressCounter.COMPLETED) == 1);
      try (SocketChannel fourth = namespaces.connect("127.0.0.1", PORT)) {
        send(fourth, "x");
        assertEquals(1, fourth.read(ByteBuffer.allocate(1)));
      }
    }
  }

  /** Puts what a connection brought until its end into {@link #heard}. */
  private TestBackend listener() throws Exception {
    return keep(
        new TestBackend(
            "listener" + opened.size(),
            namespaces,
            connection -> {
              ByteArrayOutputStream all = new ByteArrayOutputStream();
              byte[] bytes = new byte[4096];
              for (int n; (n = connection.read(ByteBuffer.wrap(bytes))) >= 0; ) {
                all.write(bytes, 0, n);
              }
              if (all.size() > 0) {
                heard.add(all.toByteArray());
              }
            }));
  }

  private byte[] heardNext() throws InterruptedException {
    byte[] next = heard.poll(10, TimeUnit.SECONDS);
    assertTrue(next != null, "the backend heard nothing");
    return next;
  }

  private TestBackend keep(TestBackend backend) {
    opened.add(backend);
    return backend;
  }

  private void publish(ClientAddress clientAddress, TestBackend... backends) throws IOException {
    List<Backend> list = new ArrayList<>();
    for (TestBackend backend : backends) {
      list.add(backend.backend());
    }
    ingress.apply(List.of(port(clientAddress, list)));
  }

  private static IngressPort port(ClientAddress clientAddress, List<Backend> backends) {
    return new IngressPort(
        Protocol.TCP,
        PORT,
        null,
        "web",
        clientAddress,
        Preserving.NONE,
        Balancing.DEFAULT,
        backends);
  }

  private static void send(SocketChannel connection, String text) throws IOException {
    connection.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    if (text.length() > 1) {
      connection.shutdownOutput();
    }
  }

  private static String readText(SocketChannel connection) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(1024);
    while (connection.read(buffer) >= 0) {}
    return StandardCharsets.UTF_8.decode(buffer.flip()).toString();
  }

  private static int localPort(SocketChannel connection) throws IOException {
    return ((InetSocketAddress) connection.getLocalAddress()).getPort();
  }

  private static byte[] written(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.position()];
    buffer.duplicate().flip().get(bytes);
    return bytes;
  }

  private long counter(IngressCounter counter) {
    return ingress.counters().getOrDefault(counter.label(), -1L);
  }
}
