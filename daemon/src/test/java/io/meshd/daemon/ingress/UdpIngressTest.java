package io.meshd.daemon.ingress;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.ingress.IngressPort.Backend;
import io.meshd.daemon.ingress.IngressPort.Balancing;
import io.meshd.daemon.ingress.IngressPort.ClientAddress;
import io.meshd.daemon.ingress.IngressPort.Protocol;
import io.meshd.dataplane.sys.DualUdpSocket;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Published UDP ports as clients of the host meet them. */
@Timeout(60)
class UdpIngressTest {
  private static final int PORT = 5353;
  private static final int LARGEST = 65_507;

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
  void clientsAreSpreadAndEachKeepsItsBackend() throws Exception {
    publish(named("a"), named("b"), named("c"));
    Map<String, Integer> answers = new TreeMap<>();
    for (int i = 0; i < 30; i++) {
      DatagramSocket client = client("127.0.0.1");
      String first = ask(client, "x");
      answers.merge(first, 1, Integer::sum);
      assertEquals(first, ask(client, "y"));
    }
    assertEquals(Map.of("a", 10, "b", 10, "c", 10), answers);
    assertEquals(30, counter(IngressCounter.UDP_SESSION_OPENED));
    assertEquals(60, counter(IngressCounter.UDP_TO_BACKEND));
    // Counted behind the call that sends, and so perhaps behind the client's reading.
    await().until(() -> counter(IngressCounter.UDP_TO_CLIENT) == 60);
  }

  @Test
  void theAnswerComesFromTheAddressThatWasAsked() throws Exception {
    namespaces.addHostAddress("10.78.0.1/32");
    namespaces.addHostAddress("10.78.0.2/32");
    publish(named("a"));
    for (String asked : List.of("10.78.0.1", "10.78.0.2", "127.0.0.1", "::1")) {
      DatagramSocket client = namespaces.inHost(() -> new DatagramSocket(0));
      opened.add(client);
      client.setSoTimeout(5000);
      InetSocketAddress to = new InetSocketAddress(InetAddress.ofLiteral(asked), PORT);
      client.send(new DatagramPacket(new byte[1], 1, to));
      DatagramPacket answer = new DatagramPacket(new byte[16], 16);
      client.receive(answer);
      assertEquals(to, answer.getSocketAddress());
    }
  }

  @Test
  void theSameClientMayAskSeveralAddresses() throws Exception {
    namespaces.addHostAddress("10.78.0.1/32");
    publish(named("a"), named("b"));
    DatagramSocket client = namespaces.inHost(() -> new DatagramSocket(0));
    opened.add(client);
    client.setSoTimeout(5000);
    Set<String> answered = new TreeSet<>();
    for (String asked : List.of("10.78.0.1", "127.0.0.1")) {
      client.send(
          new DatagramPacket(
              new byte[1], 1, new InetSocketAddress(InetAddress.ofLiteral(asked), PORT)));
      DatagramPacket answer = new DatagramPacket(new byte[16], 16);
      client.receive(answer);
      answered.add(answer.getAddress().getHostAddress());
    }
    assertEquals(Set.of("10.78.0.1", "127.0.0.1"), answered);
    assertEquals(2, counter(IngressCounter.UDP_SESSION_OPENED));
  }

  @Test
  void theLargestDatagramPassesBothWays() throws Exception {
    publish(UdpBackend.echo("a", namespaces, opened).backend());
    byte[] sent = new byte[LARGEST];
    new Random(7).nextBytes(sent);
    DatagramSocket client = client("127.0.0.1");
    client.setOption(StandardSocketOptions.SO_RCVBUF, 1 << 20);
    client.send(new DatagramPacket(sent, sent.length));
    DatagramPacket answer = new DatagramPacket(new byte[LARGEST + 1], LARGEST + 1);
    client.receive(answer);
    assertArrayEquals(sent, java.util.Arrays.copyOf(answer.getData(), answer.getLength()));
  }

  @Test
  void anEmptyDatagramPassesBothWays() throws Exception {
    publish(UdpBackend.echo("a", namespaces, opened).backend());
    DatagramSocket client = namespaces.inHost(() -> new DatagramSocket(0));
    opened.add(client);
    client.setSoTimeout(5000);
    // Not connected: Java sends no empty datagram on a connected socket.
    client.send(
        new DatagramPacket(
            new byte[0], 0, new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), PORT)));
    DatagramPacket answer = new DatagramPacket(new byte[1], 1);
    client.receive(answer);
    assertEquals(0, answer.getLength());
  }

  @Test
  void withoutBackendTheClientIsToldAndThePortStaysOurs() throws Exception {
    publish();
    assertUnreachable("127.0.0.1");
    assertUnreachable("::1");
    assertThrows(BindException.class, () -> bindAsAnother("0.0.0.0"));
    assertThrows(BindException.class, () -> bindAsAnother("127.0.0.1"));
    publish(named("a"));
    assertEquals("a", ask(client("127.0.0.1"), "x"));
    assertThrows(BindException.class, () -> bindAsAnother("0.0.0.0"));
    publish();
    assertUnreachable("127.0.0.1");
    ingress.apply(List.of());
    bindAsAnother("0.0.0.0").close();
  }

  @Test
  void whenABackendDiesTheNextDatagramGoesToAnother() throws Exception {
    UdpBackend a = UdpBackend.named("a", namespaces, opened);
    UdpBackend b = UdpBackend.named("b", namespaces, opened);
    publish(a.backend(), b.backend());
    DatagramSocket client = client("127.0.0.1");
    String first = ask(client, "x");
    (first.equals("a") ? a : b).close();
    client.setSoTimeout(200);
    await()
        .atMost(Duration.ofSeconds(5))
        .until(
            () -> {
              try {
                return !ask(client, "y").equals(first);
              } catch (SocketTimeoutException e) {
                return false;
              }
            });
    assertTrue(counter(IngressCounter.UDP_BACKEND_UNREACHABLE) >= 1);
  }

  @Test
  void aBackendThatIsTakenAwayStillAnswersWhatItGot() throws Exception {
    UdpBackend slow = UdpBackend.answersWhenTold("slow", namespaces, opened);
    publish(slow.backend());
    DatagramSocket client = client("127.0.0.1");
    client.send(new DatagramPacket(new byte[1], 1));
    slow.awaitQuestion();
    publish(named("new"));
    slow.answer();
    assertEquals("slow", receive(client));
    assertEquals("new", ask(client, "y"));
    assertEquals(1, counter(IngressCounter.UDP_SESSION_MOVED));
  }

  @Test
  void tcpAndUdpHaveOneNumberAndTwoServicesOnePortOnTwoAddresses() throws Exception {
    namespaces.addHostAddress("10.78.0.1/32");
    namespaces.addHostAddress("10.78.0.2/32");
    try (TestBackend tcp = TestBackend.saysItsName("t", namespaces)) {
      ingress.apply(
          List.of(
              port("10.78.0.1", named("one")),
              port("10.78.0.2", named("two")),
              new IngressPort(PORT, "web", List.of(tcp.backend()))));
      assertEquals(List.of(), ingress.bindErrors());
      assertEquals("one", ask(client("10.78.0.1"), "x"));
      assertEquals("two", ask(client("10.78.0.2"), "x"));
      assertUnreachable("127.0.0.1");
      namespaces.connect("127.0.0.1", PORT).close();
    }
  }

  @Test
  void anAddressThatIsNotHereIsSaidAndAnsweredOnceItIs() throws Exception {
    ingress.apply(List.of(port("10.78.0.9", named("a"))));
    assertEquals(
        List.of("port 10.78.0.9:5353/udp is not answered here: this node has no address 10.78.0.9"),
        ingress.bindErrors().stream().map(BindError::message).toList());
    namespaces.addHostAddress("10.78.0.9/32");
    await().atMost(Duration.ofSeconds(10)).until(() -> ingress.bindErrors().isEmpty());
    assertEquals("a", ask(client("10.78.0.9"), "x"));
  }

  @Test
  void aPortOfAnotherProcessIsNamed() throws Exception {
    try (DatagramSocket _ = bindAsAnother("127.0.0.1")) {
      publish(named("a"));
      String message = ingress.bindErrors().getFirst().message();
      assertTrue(message.startsWith("port 5353/udp is already in use by "), message);
      assertTrue(message.endsWith(" (PID " + ProcessHandle.current().pid() + ")"), message);
    }
  }

  @Test
  void manyClientsAtOnceAllGetTheirAnswers() throws Exception {
    publish(named("a"), named("b"));
    List<DatagramSocket> clients = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      clients.add(client("127.0.0.1"));
    }
    // In waves that fit the default receive buffer of a backend that is slow to be scheduled.
    for (int wave = 0; wave < 20; wave++) {
      List<DatagramSocket> asking = clients.subList(wave % 10 * 100, wave % 10 * 100 + 100);
      for (DatagramSocket client : asking) {
        client.send(new DatagramPacket(new byte[1], 1));
      }
      for (DatagramSocket client : asking) {
        assertNotEquals("", receive(client));
      }
    }
    assertEquals(1000, counter(IngressCounter.UDP_SESSION_OPENED));
  }

  @Test
  void aFullPortGivesUpTheLongestSilentQuestionFirst() throws Exception {
    IngressCounters counters = new IngressCounters();
    ProxyLoops loops =
        new ProxyLoops(1, io.meshd.dataplane.sys.Netns.threadFactory(namespaces.node()), counters);
    opened.add(loops::close);
    BackendPool pool = new BackendPool();
    pool.replace(List.of(named("a")));
    DualUdpSocket socket = namespaces.inHost(() -> DualUdpSocket.bind(null, PORT));
    IoEventLoop loop = loops.nextForHandles();
    UdpServer server = UdpServer.open(loop, socket, pool, counters, new Preservation(), 3);
    opened.add(server::shutDown);
    socket.deaf(false);
    DatagramSocket talks = client("127.0.0.1");
    ask(talks, "1");
    ask(talks, "2");
    for (int i = 0; i < 5; i++) {
      ask(client("127.0.0.1"), "x");
    }
    assertEquals(3, counters.snapshot().get(IngressCounter.UDP_SESSION_EVICTED.label()));
    ask(talks, "3");
    assertEquals(6, counters.snapshot().get(IngressCounter.UDP_SESSION_OPENED.label()));
  }

  private void publish(Backend... backends) {
    ingress.apply(List.of(port(null, backends)));
  }

  private static IngressPort port(@Nullable String hostIp, Backend... backends) {
    return new IngressPort(
        Protocol.UDP,
        PORT,
        hostIp,
        "dns",
        ClientAddress.SNAT,
        Preserving.NONE,
        Balancing.DEFAULT,
        List.of(backends));
  }

  private Backend named(String name) throws Exception {
    return UdpBackend.named(name, namespaces, opened).backend();
  }

  /** Connected, so that it hears of ICMP errors and of nobody else. */
  private DatagramSocket client(String address) throws Exception {
    DatagramSocket client =
        namespaces.inHost(
            () -> {
              DatagramSocket socket = new DatagramSocket(0);
              socket.connect(new InetSocketAddress(InetAddress.ofLiteral(address), PORT));
              return socket;
            });
    client.setSoTimeout(5000);
    opened.add(client);
    return client;
  }

  private static String ask(DatagramSocket client, String question) throws IOException {
    byte[] bytes = question.getBytes(StandardCharsets.UTF_8);
    client.send(new DatagramPacket(bytes, bytes.length));
    return receive(client);
  }

  private static String receive(DatagramSocket client) throws IOException {
    DatagramPacket answer = new DatagramPacket(new byte[2048], 2048);
    client.receive(answer);
    return new String(answer.getData(), 0, answer.getLength(), StandardCharsets.UTF_8);
  }

  private void assertUnreachable(String address) throws Exception {
    DatagramSocket client = client(address);
    assertThrows(PortUnreachableException.class, () -> ask(client, "x"));
  }

  private DatagramSocket bindAsAnother(String address) throws Exception {
    return namespaces.inHost(
        () -> new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral(address), PORT)));
  }

  private long counter(IngressCounter counter) {
    return ingress.counters().getOrDefault(counter.label(), -1L);
  }
}
