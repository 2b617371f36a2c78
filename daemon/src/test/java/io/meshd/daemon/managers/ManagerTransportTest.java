package io.meshd.daemon.managers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.http.ApiServer;
import io.meshd.daemon.http.Doorkeeper;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.security.ClusterCa;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.security.NodeKeys;
import io.meshd.daemon.security.NodeRole;
import io.meshd.daemon.security.TlsContexts;
import io.netty.channel.Channel;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.KeyPair;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Over real sockets on loopback, each node with its own door and certificate. */
@Timeout(60)
final class ManagerTransportTest {
  private final ClusterCa ca = ClusterCa.create();
  private final Map<String, String> addresses = new ConcurrentHashMap<>();
  private final Set<String> managers = ConcurrentHashMap.newKeySet();
  private Node n1;
  private Node n2;

  private final class Node implements AutoCloseable {
    final NodeCredentials credentials;
    final ManagerTransport transport;
    final ApiServer server =
        new ApiServer(new ApiServer.Settings(Map.of(), "1.24", "1.47", Duration.ofMinutes(1)));
    final InetSocketAddress address;

    Node(String name, ClusterCa issuer, NodeRole role) throws IOException {
      KeyPair keys = NodeKeys.generate();
      credentials =
          new NodeCredentials(
              new NodeIdentity(
                  name,
                  "cluster",
                  role,
                  keys.getPrivate(),
                  issuer.issue(keys.getPublic(), name, role, "cluster", Duration.ofDays(1)),
                  issuer.root(),
                  List.of(),
                  "127.0.0.1",
                  "127.0.0.1:0",
                  "127.0.0.1",
                  4789));
      transport = new ManagerTransport(name, credentials, addresses::get, managers::contains);
      Map<String, Consumer<Channel>> doors = Map.of(ManagerTransport.PROTOCOL, transport.door());
      server
          .routes()
          .add(
              Routes.Doors.ANYONE,
              "GET",
              "/_ping",
              exchange -> exchange.respondRaw(200, "text/plain", "OK".getBytes(UTF_8)));
      address =
          server.openTls(
              new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
              TlsContexts.server(credentials, List.of(ManagerTransport.PROTOCOL)),
              certificate -> new Doorkeeper.Verdict.Member(name, "manager"),
              doors);
      addresses.put(name, "127.0.0.1:" + address.getPort());
      managers.add(name);
      transport.serve(
          name + ".a/echo",
          payload ->
              CompletableFuture.completedFuture(
                  (name + ":" + new String(payload, UTF_8)).getBytes(UTF_8)));
    }

    long count(String word) {
      return transport.counters().getOrDefault(word, -1L);
    }

    @Override
    public void close() throws IOException {
      transport.close();
      server.close();
    }
  }

  @BeforeEach
  void open() throws IOException {
    n1 = new Node("n1", ca, NodeRole.MANAGER);
    n2 = new Node("n2", ca, NodeRole.MANAGER);
  }

  @AfterEach
  void close() throws IOException {
    n1.close();
    n2.close();
  }

  private static byte[] ask(Node from, String member, String subject) throws Exception {
    return from.transport
        .request(member, member + "/" + subject, "x".getBytes(UTF_8))
        .get(10, TimeUnit.SECONDS);
  }

  private static Throwable failure(Node from, String member, String subject) {
    ExecutionException failed =
        assertThrows(ExecutionException.class, () -> ask(from, member, subject));
    return assertInstanceOf(ConnectException.class, failed.getCause());
  }

  @Test
  void carriesRequestsBothWaysOnOneConnectionEach() throws Exception {
    for (int i = 0; i < 20; i++) {
      assertArrayEquals("n2:x".getBytes(UTF_8), ask(n1, "n2.a", "echo"));
      assertArrayEquals("n1:x".getBytes(UTF_8), ask(n2, "n1.a", "echo"));
    }
    assertArrayEquals("n1:x".getBytes(UTF_8), ask(n1, "n1.a", "echo"));
    assertEquals(1, n1.count("managers.connections.opened"));
    assertEquals(1, n1.count("managers.connections.accepted"));
  }

  @Test
  void aFormerMemberOfANodeIsNobody() {
    failure(n1, "n2.b", "echo");
    assertEquals(1, n2.count("managers.requests.nobody"));
  }

  @Test
  void aRefusalTakesAWhile() {
    addresses.put("n9", "127.0.0.1:1");
    long begin = System.nanoTime();
    failure(n1, "n9.a", "echo");
    assertTrue(System.nanoTime() - begin >= Duration.ofMillis(50).toNanos());
    failure(n1, "n8.a", "echo");
    assertEquals(2, n1.count("managers.unreachable"));
  }

  @Test
  void connectsAgainAfterThePeerWasAway() throws Exception {
    ask(n1, "n2.a", "echo");
    n2.close();
    failure(n1, "n2.a", "echo");
    n2 = new Node("n2", ca, NodeRole.MANAGER);
    await().untilAsserted(() -> ask(n1, "n2.a", "echo"));
  }

  @Test
  void aConnectionOnWhichNothingIsAnsweredIsOpenedAnew() throws Exception {
    n2.transport.serve("n2.a/mute", _ -> new CompletableFuture<>());
    ask(n1, "n2.a", "echo");
    CompletableFuture<byte[]> slow = n1.transport.request("n2.a", "n2.a/mute", new byte[0]);
    await().pollInterval(Duration.ofMillis(200)).until(() -> askedUntil(slow));
    assertEquals(1, n1.count("managers.connections.opened"));
    assertThrows(
        ExecutionException.class,
        () -> n1.transport.request("n2.a", "n2.a/mute", new byte[0]).get(10, TimeUnit.SECONDS));
    await().untilAsserted(() -> ask(n1, "n2.a", "echo"));
    assertEquals(2, n1.count("managers.connections.opened"));
  }

  /** Whether it has ended; while it has not, something else is answered. */
  private boolean askedUntil(CompletableFuture<byte[]> ends) throws Exception {
    ask(n1, "n2.a", "echo");
    return ends.isDone();
  }

  @Test
  void aRemovedManagerIsRefusedAtOnceAndItsConnectionsAreClosed() throws Exception {
    ask(n1, "n2.a", "echo");
    ask(n2, "n1.a", "echo");
    managers.remove("n1");
    n2.transport.recheck();
    await().untilAsserted(() -> failure(n1, "n2.a", "echo"));
    assertTrue(n2.count("managers.refused.node") >= 1);
    failure(n2, "n1.a", "echo");
    long served = n2.count("managers.requests.served");
    failure(n1, "n2.a", "echo");
    assertEquals(served, n2.count("managers.requests.served"));
  }

  @Test
  void aWorkersCertificateIsNotEnough() throws Exception {
    try (Node worker = new Node("w", ca, NodeRole.WORKER)) {
      failure(worker, "n2.a", "echo");
      assertEquals(1, n2.count("managers.refused.role"));
      failure(n2, "w.a", "echo");
    }
  }

  @Test
  void anotherClustersManagerIsRefused() throws Exception {
    try (Node stranger = new Node("s", ClusterCa.create(), NodeRole.MANAGER)) {
      failure(stranger, "n2.a", "echo");
      failure(n2, "s.a", "echo");
      assertEquals(0, n2.count("managers.connections.accepted"));
      assertEquals(0, n2.count("managers.requests.served"));
    }
  }

  @Test
  void whoeverShowsNoCertificateIsRefused() throws Exception {
    SSLContext anonymous = SSLContext.getInstance("TLSv1.3");
    anonymous.init(null, new TrustManager[] {new TrustAll()}, null);
    try (SSLSocket socket = raw(anonymous)) {
      socket.startHandshake();
      assertEquals(-1, socket.getInputStream().read());
    }
    assertEquals(1, n2.count("managers.refused.role"));
  }

  @Test
  void anotherManagerAtTheAddressIsNotTaken() {
    addresses.put("n3", "127.0.0.1:" + n2.address.getPort());
    managers.add("n3");
    failure(n1, "n3.a", "echo");
    assertEquals(1, n1.count("managers.refused.other"));
  }

  @Test
  void plainTextAndOversizedFramesCloseTheConnection() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), n2.address.getPort())) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write("GET /_ping HTTP/1.1\r\n\r\n".getBytes(UTF_8));
      while (socket.getInputStream().read() >= 0) {
        // an alert, then the end
      }
    }
    try (SSLSocket socket = raw(TlsContexts.clientOfManagers(n1.credentials))) {
      socket.startHandshake();
      OutputStream out = socket.getOutputStream();
      out.write(new byte[] {0x7f, 0, 0, 0, 0, 0, 0, 0});
      out.flush();
      assertEquals(-1, socket.getInputStream().read());
    }
    assertEquals(1, n2.count("managers.malformed"));
    ask(n1, "n2.a", "echo");
  }

  @Test
  void httpGoesOnBesideIt() throws Exception {
    try (HttpClient client =
        HttpClient.newBuilder().sslContext(TlsContexts.clientOfManagers(n1.credentials)).build()) {
      for (HttpClient.Version version :
          List.of(HttpClient.Version.HTTP_1_1, HttpClient.Version.HTTP_2)) {
        HttpResponse<String> response =
            client.send(
                HttpRequest.newBuilder(
                        URI.create("https://127.0.0.1:" + n2.address.getPort() + "/_ping"))
                    .version(version)
                    .build(),
                HttpResponse.BodyHandlers.ofString());
        assertEquals("OK", response.body(), version.toString());
      }
    }
    ask(n1, "n2.a", "echo");
  }

  @Test
  void whatWaitsForASilentPeerIsBounded() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      addresses.put("n9", "127.0.0.1:" + silent.getLocalPort());
      for (int i = 0; i < 40; i++) {
        var _ = n1.transport.request("n9.a", "n9.a/x", new byte[1 << 20]);
      }
      // Three and a little fit into 4 MiB.
      assertEquals(37, n1.count("managers.dropped.full"));
    }
  }

  private SSLSocket raw(SSLContext context) throws IOException {
    SSLSocket socket =
        (SSLSocket)
            context
                .getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), n2.address.getPort());
    socket.setSoTimeout(10_000);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {ManagerTransport.PROTOCOL});
    socket.setSSLParameters(parameters);
    return socket;
  }
}
