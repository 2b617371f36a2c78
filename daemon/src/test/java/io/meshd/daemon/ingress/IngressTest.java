package io.meshd.daemon.ingress;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.ingress.IngressPort.Backend;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Published ports as clients of the host and other processes of the host meet them. */
@Timeout(60)
class IngressTest {
  private static final int PORT = 8080;

  @TempDir private Path folder;
  private TwoNamespaces namespaces;
  private Ingress ingress;
  private final List<AutoCloseable> opened = new ArrayList<>();

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
  void balancesEvenlyOverTheReadyBackends() throws Exception {
    publish(named("a").backend(), named("b").backend(), named("c").backend());
    Map<String, Integer> answers = new TreeMap<>();
    for (int i = 1; i <= 30; i++) {
      answers.merge(ask("127.0.0.1"), 1, Integer::sum);
      // A connection that is not over yet is load, and the next one may avoid it.
      int asked = i;
      await().until(() -> counter(IngressCounter.COMPLETED) == asked);
    }
    assertEquals(Map.of("a", 10, "b", 10, "c", 10), answers);
  }

  @Test
  void answersIpv4AndIpv6ClientsOnOneListener() throws Exception {
    publish(named("a").backend());
    assertEquals("a", ask("127.0.0.1"));
    assertEquals("a", ask("::1"));
    assertEquals(1, listenLines());
  }

  @Test
  void withoutBackendTheKernelRefusesAndThePortStaysBound() throws Exception {
    publish();
    assertThrows(ConnectException.class, () -> namespaces.connect("127.0.0.1", PORT));
    assertThrows(ConnectException.class, () -> namespaces.connect("::1", PORT));
    assertEquals(0, listenLines());
    assertThrows(BindException.class, () -> listenAsAnother(false));

    publish(named("a").backend());
    assertEquals("a", ask("127.0.0.1"));
    assertThrows(BindException.class, () -> listenAsAnother(false));

    publish();
    assertThrows(ConnectException.class, () -> namespaces.connect("127.0.0.1", PORT));
    assertThrows(BindException.class, () -> listenAsAnother(false));
    assertEquals(1, counter(IngressCounter.LISTEN_OPENED));
    assertEquals(1, counter(IngressCounter.LISTEN_CLOSED));
  }

  @Test
  void applyingTheSameAgainChangesNothing() throws Exception {
    Backend backend = named("a").backend();
    publish(backend);
    try (SocketChannel connection = namespaces.connect("127.0.0.1", PORT)) {
      publish(backend);
      assertEquals("a", readAll(connection));
    }
    assertEquals(1, counter(IngressCounter.LISTEN_OPENED));
    assertEquals(0, counter(IngressCounter.LISTEN_CLOSED));
  }

  @Test
  void unpublishingFreesThePortAndKeepsConnections() throws Exception {
    publish(echo("a").backend());
    try (SocketChannel connection = namespaces.connect("127.0.0.1", PORT)) {
      assertEquals("x", exchange(connection, "x"));
      ingress.apply(List.of());
      assertThrows(ConnectException.class, () -> namespaces.connect("127.0.0.1", PORT));
      assertEquals("y", exchange(connection, "y"));
      publish(named("b").backend());
      assertEquals(List.of(), ingress.bindErrors());
      assertEquals("b", ask("127.0.0.1"));
      assertEquals("z", exchange(connection, "z"));
    }
    ingress.apply(List.of());
    listenAsAnother(false).close();
  }

  /** One process after another; the second is to find what came between them. */
  @Test
  void connectionsWaitForTheNextIngress() throws Exception {
    Path sockets = folder.resolve("sockets.json");
    List<IngressPort> wanted = List.of(new IngressPort(PORT, "web", List.of(named("a").backend())));
    for (int i = 0; i < 3; i++) {
      SocketChannel waiting;
      try (Ingress one = namespaces.open(sockets)) {
        one.apply(wanted);
        assertEquals("a", ask("127.0.0.1"));
        one.handOver(Duration.ofSeconds(10));
        waiting = namespaces.connect("127.0.0.1", PORT);
      }
      try (Ingress next = namespaces.open(sockets)) {
        next.apply(wanted);
        assertEquals("a", readAll(waiting));
        waiting.close();
        assertEquals(List.of(), next.bindErrors());
        assertThrows(BindException.class, () -> listenAsAnother(false));
        assertEquals(1, listenLines());
        next.handOver(Duration.ofSeconds(10));
      }
    }
    try (Ingress last = namespaces.open(sockets)) {
      last.apply(List.of());
      assertThrows(ConnectException.class, () -> namespaces.connect("127.0.0.1", PORT));
      listenAsAnother(false).close();
    }
    assertFalse(Files.exists(sockets));
  }

  /** Longer than it takes until ports that could not be had are tried again. */
  @Test
  void connectionsWaitForAnIngressThatIsSlowToLearnItsPorts() throws Exception {
    Path sockets = folder.resolve("sockets.json");
    List<IngressPort> wanted = List.of(new IngressPort(PORT, "web", List.of(named("a").backend())));
    try (Ingress one = namespaces.open(sockets)) {
      one.apply(wanted);
      one.handOver(Duration.ofSeconds(10));
    }
    try (Ingress next = namespaces.open(sockets)) {
      await()
          .during(Duration.ofMillis(1500))
          .untilAsserted(() -> namespaces.connect("127.0.0.1", PORT).close());
      try (SocketChannel waiting = namespaces.connect("127.0.0.1", PORT)) {
        next.apply(wanted);
        assertEquals("a", readAll(waiting));
      }
    }
  }

  @Test
  void whoIsBeingAnsweredIsAnsweredBeforeTheHandOver() throws Exception {
    publish(echo("a").backend());
    try (SocketChannel connection = namespaces.connect("127.0.0.1", PORT)) {
      assertEquals("x", exchange(connection, "x"));
      Future<?> handing =
          Executors.newVirtualThreadPerTaskExecutor()
              .submit(
                  () -> {
                    ingress.handOver(Duration.ofSeconds(30));
                    return null;
                  });
      assertEquals("y", exchange(connection, "y"));
      assertFalse(handing.isDone());
      connection.shutdownOutput();
      assertEquals("", readAll(connection));
      handing.get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void aRemovedBackendKeepsItsConnectionsAndGetsNoNewOne() throws Exception {
    TestBackend old = echo("old");
    publish(old.backend());
    try (SocketChannel connection = namespaces.connect("127.0.0.1", PORT)) {
      assertEquals("x", exchange(connection, "x"));
      publish(named("new").backend());
      for (int i = 0; i < 10; i++) {
        assertEquals("new", ask("127.0.0.1"));
      }
      assertEquals("y", exchange(connection, "y"));
    }
    assertEquals(1, old.accepted());
  }

  @Test
  void whenABackendDiesNoRequestFails() throws Exception {
    TestBackend dying = named("dying");
    publish(dying.backend(), named("b").backend());
    dying.close();
    for (int i = 0; i < 20; i++) {
      assertEquals("b", ask("127.0.0.1"));
    }
    assertTrue(counter(IngressCounter.ATTEMPT_REFUSED) >= 1);
    assertEquals(0, counter(IngressCounter.FAILED_ALL_BACKENDS));
  }

  @Test
  void whenABackendIsSilentAnotherAnswersAndItIsAvoided() throws Exception {
    namespaces.addDeafLink();
    publish(new Backend("deaf", "10.77.0.2", 80), named("b").backend());
    for (int i = 0; i < 20; i++) {
      assertEquals("b", ask("127.0.0.1"));
    }
    assertTrue(counter(IngressCounter.ATTEMPT_TIMEOUT) >= 1);
    assertTrue(counter(IngressCounter.ATTEMPT_TIMEOUT) <= 3);
  }

  @Test
  void whenAllBackendsRefuseTheClientIsReset() throws Exception {
    TestBackend gone = named("gone");
    Backend backend = gone.backend();
    gone.close();
    publish(backend);
    try (SocketChannel connection = namespaces.connect("127.0.0.1", PORT)) {
      assertThrows(IOException.class, () -> connection.read(ByteBuffer.allocate(1)));
    }
    assertEquals(1, counter(IngressCounter.FAILED_ALL_BACKENDS));
  }

  @Test
  void aPortOfAnotherProcessIsNamedAndTakenOverOnceFree() throws Exception {
    Backend backend = named("a").backend();
    try (ServerSocketChannel _ = listenAsAnother(false)) {
      publish(backend);
      assertNamesThisProcess();
    }
    await().atMost(Duration.ofSeconds(10)).until(() -> ingress.bindErrors().isEmpty());
    assertEquals("a", ask("127.0.0.1"));
  }

  @Test
  void aListenerOfAnotherProcessIsNotJoinedUnseen() throws Exception {
    try (ServerSocketChannel _ = listenAsAnother(true)) {
      publish(named("a").backend());
      assertNamesThisProcess();
    }
  }

  private void assertNamesThisProcess() {
    long pid = ProcessHandle.current().pid();
    List<BindError> errors = ingress.bindErrors();
    assertEquals(1, errors.size());
    String message = errors.getFirst().message();
    assertTrue(message.startsWith("port 8080/tcp is already in use by "), message);
    assertTrue(message.endsWith(" (PID " + pid + ")"), message);
    assertTrue(counter(IngressCounter.BIND_FAILED) >= 1);
  }

  private void publish(Backend... backends) {
    ingress.apply(List.of(new IngressPort(PORT, "web", List.of(backends))));
  }

  private TestBackend named(String name) throws Exception {
    return keep(TestBackend.saysItsName(name, namespaces));
  }

  private TestBackend echo(String name) throws Exception {
    return keep(TestBackend.echo(name, namespaces));
  }

  private TestBackend keep(TestBackend backend) {
    opened.add(backend);
    return backend;
  }

  private ServerSocketChannel listenAsAnother(boolean reusePort) throws Exception {
    return namespaces.inHost(
        () -> {
          ServerSocketChannel channel = ServerSocketChannel.open();
          try {
            channel.setOption(StandardSocketOptions.SO_REUSEPORT, reusePort);
            return channel.bind(new InetSocketAddress(PORT));
          } catch (IOException e) {
            channel.close();
            throw e;
          }
        });
  }

  private long listenLines() throws Exception {
    return namespaces.inHost(
        () -> {
          String port = String.format(":%04X", PORT);
          Path net = Path.of("/proc/thread-self/net");
          try (Stream<String> lines =
              Stream.concat(
                  Files.readAllLines(net.resolve("tcp")).stream(),
                  Files.readAllLines(net.resolve("tcp6")).stream())) {
            return lines
                .map(line -> line.strip().split("\\s+", -1))
                .filter(field -> field[1].endsWith(port) && field[3].equals("0A"))
                .count();
          }
        });
  }

  private String ask(String address) throws Exception {
    try (SocketChannel connection = namespaces.connect(address, PORT)) {
      return readAll(connection);
    }
  }

  private static String readAll(SocketChannel connection) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(1024);
    while (connection.read(buffer) >= 0) {
      // Until the backend has closed.
    }
    return StandardCharsets.UTF_8.decode(buffer.flip()).toString();
  }

  private static String exchange(SocketChannel connection, String text) throws IOException {
    connection.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    ByteBuffer buffer = ByteBuffer.allocate(text.length());
    while (buffer.hasRemaining() && connection.read(buffer) >= 0) {
      // Until the whole text is back.
    }
    return StandardCharsets.UTF_8.decode(buffer.flip()).toString();
  }

  private long counter(IngressCounter counter) {
    return ingress.counters().getOrDefault(counter.label(), -1L);
  }
}
