package io.meshd.dataplane;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.dataplane.ForwardingSpec.Balancing;
import io.meshd.dataplane.sys.Netns;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A client on node A, a backend beside it and one on node B, behind the virtual IP 10.0.1.2: what
 * their kernels see of it.
 */
@Timeout(180)
class BalancingTest {
  private static final String VIP = "10.0.1.2";
  private static final String CLIENT = "10.0.1.3";
  private static final String LOCAL = "10.0.1.5";
  private static final String REMOTE = "10.0.1.4";

  private final TestNamespaces namespaces = new TestNamespaces();
  private TestNode a;
  private TestNode b;
  private String client;
  private String local;
  private String remote;

  /** What is dialed and bound where the tests say this address. */
  String at(String address) {
    return address;
  }

  /** Before anything is on the nodes. */
  void prepare(TestNode node) {}

  @BeforeEach
  void twoNodes() throws Exception {
    String nodeA = namespaces.add("nA");
    String nodeB = namespaces.add("nB");
    TestNode.join(nodeA, "10.99.0.1", nodeB, "10.99.0.2");
    a = new TestNode(namespaces, nodeA, "10.99.0.1");
    b = new TestNode(namespaces, nodeB, "10.99.0.2");
    prepare(a);
    prepare(b);
    client = a.task("cA", CLIENT);
    local = a.task("cL", LOCAL);
    remote = b.task("cB", REMOTE);
    a.remote(REMOTE, "10.99.0.2", false);
    b.remote(CLIENT, "10.99.0.1", false);
    b.remote(LOCAL, "10.99.0.1", false);
    backends(LOCAL, REMOTE);
  }

  private void backends(String... addresses) {
    ForwardingSpec.Backend[] all = new ForwardingSpec.Backend[addresses.length];
    for (int i = 0; i < addresses.length; i++) {
      all[i] = TestNode.backend(addresses[i]);
    }
    a.service(VIP, Balancing.DEFAULT, all);
    b.service(VIP, Balancing.DEFAULT, all);
    a.apply();
    b.apply();
  }

  @AfterEach
  void remove() {
    a.close();
    b.close();
    namespaces.close();
  }

  @Test
  void theVirtualAddressAnswersPingWithBackendsAndWithout() {
    TestNamespaces.in(client, "ping", "-q", "-c", "3", "-i", "0.1", "-w", "5", at(VIP));
    TestNamespaces.in(
        client, "ping", "-q", "-c", "2", "-i", "0.1", "-s", "4000", "-w", "5", at(VIP));
    backends();
    TestNamespaces.in(client, "ping", "-q", "-c", "1", "-w", "5", at(VIP));
    assertTrue(a.counter("virtual.echo_replies") >= 6);
    assertEquals(0, b.counter("tap.tx_frames"));
  }

  @Test
  void tcpMovesDataUnharmedFromBackendsHereAndThere() throws Exception {
    backends(LOCAL);
    Transfer.check(client, local, at(LOCAL), at(VIP), 150_000_000);
    backends(REMOTE);
    Transfer.check(client, remote, at(REMOTE), at(VIP), 150_000_000);
    // And back: what the backend sends is joined on its way in.
    download(remote, REMOTE, 100_000_000);
    backends(LOCAL);
    download(local, LOCAL, 100_000_000);
    assertEquals(4, a.counter("flows.opened"));
    assertEquals(0, b.counter("flows.opened"), "the client's node balances, and it alone");
    await().until(() -> a.counter("flows.closed") == 4);
  }

  /** The client closes its side first and then reads what the server sends. */
  private void download(String server, String address, int bytes) throws Exception {
    byte[] data = new byte[bytes];
    new SplittableRandom(bytes).nextBytes(data);
    try (ServerSocket listening = listen(server, address)) {
      Thread serving =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try (Socket accepted = listening.accept()) {
                      assertEquals(-1, accepted.getInputStream().read());
                      accepted.getOutputStream().write(data);
                    } catch (IOException e) {
                      throw new AssertionError(e);
                    }
                  });
      try (Socket socket = dial(listening.getLocalPort())) {
        socket.setSoTimeout(20_000);
        socket.shutdownOutput();
        InputStream in = socket.getInputStream();
        assertArrayEquals(data, in.readAllBytes());
      }
      serving.join();
    }
  }

  @Test
  void bothBackendsGetFlows() throws Exception {
    Set<String> answered = new HashSet<>();
    try (ServerSocket here = listen(local, LOCAL, 8080);
        ServerSocket there = listen(remote, REMOTE, 8080)) {
      greet(here, "here");
      greet(there, "there");
      for (int i = 0; i < 40; i++) {
        try (Socket socket = dial(8080)) {
          answered.add(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        }
      }
    }
    assertEquals(Set.of("here", "there"), answered);
  }

  @Test
  void aTaskThatDialsItsOwnServiceMayGetItself() throws Exception {
    backends(CLIENT);
    Transfer.check(client, client, at(CLIENT), at(VIP), 50_000_000);
    try (DatagramSocket server = udp(client, CLIENT);
        DatagramSocket socket = udp(client, CLIENT)) {
      exchange(socket, server, 100, VIP);
    }
  }

  @Test
  void udpGoesAndComesBackInFragmentsToo() throws Exception {
    for (String backend : new String[] {LOCAL, REMOTE}) {
      backends(backend);
      try (DatagramSocket server = udp(backend.equals(LOCAL) ? local : remote, backend);
          DatagramSocket socket = udp(client, CLIENT)) {
        for (int size : new int[] {1, 999, 5000, 20_000}) {
          exchange(socket, server, size, CLIENT);
        }
      }
    }
  }

  private void exchange(DatagramSocket socket, DatagramSocket server, int size, String seen)
      throws IOException {
    byte[] data = new byte[size];
    new SplittableRandom(size).nextBytes(data);
    socket.connect(new InetSocketAddress(at(VIP), server.getLocalPort()));
    socket.send(new DatagramPacket(data, size));
    DatagramPacket request = new DatagramPacket(new byte[30_000], 30_000);
    server.receive(request);
    assertEquals(size, request.getLength());
    assertEquals(InetAddress.ofLiteral(at(seen)), request.getAddress());
    server.send(request);
    // The socket is connected: only what comes from the virtual address is let in.
    DatagramPacket answer = new DatagramPacket(new byte[30_000], 30_000);
    socket.receive(answer);
    assertEquals(size, answer.getLength());
    for (int i = 0; i < size; i++) {
      assertEquals(data[i], answer.getData()[i]);
    }
    socket.disconnect();
  }

  @Test
  void withoutBackendsConnectionsAreRefusedAtOnce() throws Exception {
    backends();
    assertThrows(ConnectException.class, () -> dial(80));
    try (DatagramSocket socket = udp(client, CLIENT)) {
      socket.connect(new InetSocketAddress(at(VIP), 53));
      socket.send(new DatagramPacket(new byte[1], 1));
      assertThrows(
          PortUnreachableException.class, () -> socket.receive(new DatagramPacket(new byte[9], 9)));
    }
    assertEquals(1, a.counter("virtual.rsts"));
    assertEquals(1, a.counter("virtual.unreachables"));
  }

  @Test
  void aConnectionWhoseBackendIsGoneIsReset() throws Exception {
    backends(REMOTE);
    try (ServerSocket listening = listen(remote, REMOTE);
        Socket socket = dial(listening.getLocalPort());
        Socket accepted = listening.accept()) {
      socket.setSoTimeout(10_000);
      accepted.getOutputStream().write(7);
      assertEquals(7, socket.getInputStream().read());
      a.forget(REMOTE);
      backends(LOCAL);
      socket.getOutputStream().write(1);
      assertThrows(SocketException.class, () -> socket.getInputStream().read());
      assertEquals(1, a.counter("virtual.rsts"));
    }
    await().until(() -> a.counter("flows.active") == 0);
  }

  @Test
  void whoRefusesIsNotAskedAgainAndTheClientDoesNotNotice() throws Exception {
    try (ServerSocket there = listen(remote, REMOTE, 8080)) {
      greet(there, "there");
      long before = System.nanoTime();
      for (int i = 0; i < 20; i++) {
        try (Socket socket = dial(8080)) {
          assertEquals('t', socket.getInputStream().read());
        }
      }
      assertTrue(System.nanoTime() - before < 20_000_000_000L, "no SYN had to be sent again");
      assertTrue(a.counter("virtual.retries") >= 1);
      assertTrue(a.counter("backends.ejections") >= 1);
      assertTrue(a.counter("virtual.retries") < 15, "it was left out meanwhile");
    }
    assertThrows(ConnectException.class, () -> dial(8080), "both refuse");
  }

  @Test
  void whoDoesNotAnswerIsReplacedWhenTheClientAsksAgain() throws Exception {
    TestNamespaces.in(local, "ip", "link", "set", "eth0", "down");
    try (ServerSocket there = listen(remote, REMOTE, 8080)) {
      greet(there, "there");
      for (int i = 0; i < 6; i++) {
        try (Socket socket = dial(8080)) {
          assertEquals('t', socket.getInputStream().read());
        }
      }
    }
  }

  @Test
  void aSuccessorFindsTheFlows() throws Exception {
    backends(REMOTE);
    try (ServerSocket listening = listen(remote, REMOTE);
        Socket socket = dial(listening.getLocalPort());
        Socket accepted = listening.accept()) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(1);
      assertEquals(1, accepted.getInputStream().read());
      a.restart();
      a.dataplane().attachTap(new TapAttachment("cA", TestNamespaces.path(client), "eth0"));
      a.apply();
      assertEquals(1, a.counter("flows.active"));
      accepted.getOutputStream().write(2);
      assertEquals(2, socket.getInputStream().read());
      socket.getOutputStream().write(3);
      assertEquals(3, accepted.getInputStream().read());
    }
  }

  private Socket dial(int port) throws Exception {
    return Netns.call(
        TestNamespaces.path(client),
        () -> {
          Socket socket = new Socket();
          socket.connect(new InetSocketAddress(at(VIP), port), 10_000);
          return socket;
        });
  }

  private ServerSocket listen(String namespace, String address) throws Exception {
    return listen(namespace, address, 0);
  }

  private ServerSocket listen(String namespace, String address, int port) throws Exception {
    return Netns.call(
        TestNamespaces.path(namespace),
        () -> {
          ServerSocket socket = new ServerSocket();
          socket.bind(new InetSocketAddress(at(address), port));
          return socket;
        });
  }

  private static void greet(ServerSocket listening, String word) {
    Thread.ofPlatform()
        .start(
            () -> {
              while (!listening.isClosed()) {
                try (Socket accepted = listening.accept()) {
                  accepted.getOutputStream().write(word.getBytes(StandardCharsets.UTF_8));
                } catch (IOException e) {
                  return; // closed
                }
              }
            });
  }

  private DatagramSocket udp(String namespace, String address) throws Exception {
    return Netns.call(
        TestNamespaces.path(namespace),
        () -> {
          DatagramSocket socket = new DatagramSocket(new InetSocketAddress(at(address), 0));
          socket.setSoTimeout(5000);
          return socket;
        });
  }
}
