package io.meshd.daemon.control;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.http.DoorLimits;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.UnixHttp;
import io.meshd.daemon.security.ClusterCa;
import io.meshd.daemon.security.JoinToken;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.security.NodeKeys;
import io.meshd.daemon.security.NodeRole;
import io.meshd.daemon.security.TlsContexts;
import io.meshd.daemon.state.Command;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * :2377 with those in front of it who do not belong: real sockets, real TLS.
 *
 * <p>Longer than most: a row for each reason to turn somebody away.
 */
@Timeout(60)
final class HostileDoorTest {
  private static final DoorLimits QUICK =
      new DoorLimits(
          200,
          100,
          10_000,
          10_000,
          Duration.ofMillis(700),
          Duration.ofMillis(700),
          Duration.ofMillis(900),
          Duration.ofSeconds(3));

  /** The same for those who wait: how long a handshake takes is up to the machine. */
  private static final DoorLimits PATIENT =
      new DoorLimits(
          200,
          100,
          10_000,
          10_000,
          Duration.ofSeconds(10),
          Duration.ofSeconds(10),
          Duration.ofSeconds(10),
          Duration.ofSeconds(30));

  /** Longer than any of these limits, with a slow machine's time added. */
  private static final int PATIENCE_MILLIS = 8000;

  @TempDir Path folder;
  private TestManager manager;
  private final List<AutoCloseable> closing = new ArrayList<>();

  @SuppressWarnings("NullAway.Init") // set before each test
  HostileDoorTest() {}

  @BeforeEach
  void start() throws Exception {
    manager = TestManager.create(folder.resolve("manager"), QUICK);
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : closing.reversed()) {
      each.close();
    }
    manager.close();
  }

  private Socket plain() throws IOException {
    Socket socket = new Socket();
    closing.add(socket);
    String address = manager.identity.controlAddress();
    socket.connect(
        new InetSocketAddress(
            InetAddress.getLoopbackAddress(),
            Integer.parseInt(address.substring(address.indexOf(':') + 1))),
        2000);
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  private SSLSocket tls(SSLContext context) throws IOException {
    Socket below = plain();
    SSLSocket socket =
        (SSLSocket)
            context.getSocketFactory().createSocket(below, "127.0.0.1", below.getPort(), true);
    closing.add(socket);
    return socket;
  }

  private SSLSocket stranger() throws IOException {
    return tls(TlsContexts.joining(JoinToken.parse(manager.workerToken())));
  }

  private SSLSocket with(NodeIdentity identity) throws IOException {
    return tls(TlsContexts.clientOfManagers(new NodeCredentials(identity)));
  }

  private long count(String reason) {
    return manager.server.counters().getOrDefault("control.refused." + reason, 0L);
  }

  private long strangers() {
    return manager.server.counters().getOrDefault("control.strangers", -1L);
  }

  private void awaitCount(String reason, long least) {
    await()
        .atMost(Duration.ofMillis(PATIENCE_MILLIS))
        .untilAsserted(
            () -> assertTrue(count(reason) >= least, reason + " in " + manager.server.counters()));
  }

  /** Reads until the other side ends the connection, one way or the other. */
  private static void awaitEnd(Socket socket) throws IOException {
    try {
      while (socket.getInputStream().read() >= 0) {
        // whatever it still says
      }
    } catch (java.net.SocketTimeoutException e) {
      throw e;
    } catch (IOException _) {
      // a reset, or an alert
    }
  }

  /** A certificate of one's own making. */
  private NodeIdentity forged(ClusterCa ca, String nodeId, NodeRole role, Duration life) {
    KeyPair keys = NodeKeys.generate();
    X509Certificate certificate =
        ca.issue(keys.getPublic(), nodeId, role, manager.identity.clusterId(), life);
    return new NodeIdentity(
        nodeId,
        manager.identity.clusterId(),
        role,
        keys.getPrivate(),
        certificate,
        manager.identity.root(),
        List.of(),
        "",
        "",
        "",
        0);
  }

  private HttpResponse<InputStream> call(ClusterClient client, String method, String target)
      throws Exception {
    return client.send(
        manager.identity.controlAddress(),
        method,
        target,
        Map.of(),
        new byte[0],
        Duration.ofSeconds(5));
  }

  /** On the connection that the client has, as long as it stays. */
  private int beat(ClusterClient client) throws Exception {
    HttpResponse<InputStream> answer = call(client, "POST", AgentMessages.PAUSE);
    answer.body().readAllBytes();
    return answer.statusCode();
  }

  private ClusterClient client(NodeIdentity node) {
    ClusterClient client = ClusterClient.ofManagers(new NodeCredentials(node));
    closing.add(client);
    return client;
  }

  @Test
  void whatIsNotTlsGetsNoAnswer() throws Exception {
    Socket http = plain();
    http.getOutputStream()
        .write("GET /swarm HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    awaitEnd(http);
    awaitCount("not-tls", 1);
    Socket garbage = plain();
    // A handshake record of TLS (RFC 8446, 5.1), and nonsense in it.
    garbage.getOutputStream().write(new byte[] {0x16, 3, 1, 0, 5, 1, 0, 0, 1, 77});
    awaitEnd(garbage);
    awaitCount("tls-malformed", 1);
  }

  @Test
  void aHandshakeThatIsNotFinishedEnds() throws Exception {
    Socket silent = plain();
    Socket begun = plain();
    begun.getOutputStream().write(new byte[] {0x16, 3, 1});
    awaitEnd(silent);
    awaitEnd(begun);
    awaitCount("handshake-slow", 2);
    plain().close();
    awaitCount("handshake-broken", 1);
    await().until(() -> strangers() == 0);
  }

  @Test
  void anOlderTlsIsRefused() throws Exception {
    SSLContext older = SSLContext.getInstance("TLSv1.2");
    older.init(null, new TrustManager[] {new TrustingAll()}, null);
    SSLSocket socket = tls(older);
    socket.setEnabledProtocols(new String[] {"TLSv1.2"});
    assertThrows(IOException.class, socket::startHandshake);
    awaitCount("tls-version", 1);
  }

  @Test
  void aCertificateOfAnotherAuthorityOrOfThePastIsRefused() throws Exception {
    SSLSocket foreign =
        with(
            forged(
                ClusterCa.create(),
                manager.identity.nodeId(),
                NodeRole.MANAGER,
                Duration.ofDays(1)));
    refusedBy(foreign);
    awaitCount("certificate-foreign", 1);
    SSLSocket expired =
        with(
            forged(
                manager.ca(), manager.identity.nodeId(), NodeRole.MANAGER, Duration.ofMinutes(-1)));
    refusedBy(expired);
    awaitCount("certificate-expired", 1);
  }

  /** The server's refusal comes after the client's part of the handshake. */
  private static void refusedBy(SSLSocket socket) {
    assertThrows(
        IOException.class,
        () -> {
          socket.startHandshake();
          if (socket.getInputStream().read() < 0) {
            throw new IOException("closed");
          }
        });
  }

  @Test
  void aStrangerHasOneShortRequestAndLittleTime() throws Exception {
    SSLSocket nothing = stranger();
    nothing.startHandshake();
    awaitEnd(nothing);
    awaitCount("request-slow", 1);

    SSLSocket trickling = stranger();
    CompletableFuture<Void> written =
        CompletableFuture.runAsync(
            () -> trickle(trickling, "GET /x HTTP/1.1\r\nX-A: " + "a".repeat(4000)));
    awaitEnd(trickling);
    written.join();
    awaitCount("request-slow", 2);

    SSLSocket body = stranger();
    body.getOutputStream()
        .write(
            "POST /mesh/v1/agent/join HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"
                .getBytes(StandardCharsets.US_ASCII));
    awaitEnd(body);
    awaitCount("body-slow", 1);

    SSLSocket large = stranger();
    UnixHttp http = UnixHttp.over(large);
    http.send("POST /mesh/v1/agent/join HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n");
    assertEquals(413, http.read(false).status());
    awaitCount("request-malformed", 1);

    SSLSocket twice = stranger();
    UnixHttp second = UnixHttp.over(twice);
    second.send("GET /swarm HTTP/1.1\r\nHost: x\r\n\r\nGET /swarm HTTP/1.1\r\nHost: x\r\n\r\n");
    UnixHttp.Answer answer = second.read(false);
    assertEquals(404, answer.status());
    assertEquals("close", answer.headers().get("connection"));
    assertTrue(second.ended());
  }

  private static void trickle(Socket socket, String text) {
    try {
      for (byte each : text.getBytes(StandardCharsets.US_ASCII)) {
        socket.getOutputStream().write(each);
        Thread.sleep(20); // the attack is its slowness
      }
    } catch (IOException _) {
      // turned away
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aMembersRequestMayNotTrickleEitherButItsSilenceIsFine() throws Exception {
    NodeIdentity node = manager.join("w1");
    SSLSocket socket = with(node);
    UnixHttp http = UnixHttp.over(socket);
    String beat =
        "POST /mesh/v1/agent/report HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n{\"reports\":[]}";
    http.send(beat);
    assertEquals(200, http.read(false).status());
    await().pollDelay(Duration.ofMillis(1500)).until(() -> true); // more than any limit
    http.send(beat);
    assertEquals(200, http.read(false).status());
    http.send("GET /mesh/v1/agent/watch HTT");
    awaitEnd(socket);
    awaitCount("request-slow", 1);
  }

  @Test
  void aWorkersCertificateDoesNotOpenWhatIsForManagers() throws Exception {
    manager
        .server
        .routes()
        .add(Routes.Doors.MANAGERS, "GET", "/managers", exchange -> exchange.respond(200, "x"));
    NodeIdentity node = manager.join("w1");
    assertEquals(403, call(client(node), "GET", "/managers").statusCode());
    awaitCount("role", 1);
    // Whatever its certificate says: the state has it as a worker.
    NodeIdentity above = forged(manager.ca(), node.nodeId(), NodeRole.MANAGER, Duration.ofDays(1));
    assertEquals(403, call(client(above), "GET", "/managers").statusCode());
    awaitCount("role", 2);
  }

  @Test
  void aNodeThatWasRemovedIsRefusedAtOnceAndItsStreamsEnd() throws Exception {
    NodeIdentity node = manager.join("w1");
    manager
        .server
        .routes()
        .add(
            Routes.Doors.NODES,
            "GET",
            "/stream",
            exchange -> {
              try (var out = exchange.stream(200, "text/plain")) {
                while (true) {
                  out.write("beat\n".getBytes(StandardCharsets.US_ASCII));
                  Thread.sleep(20); // a stream that does not end by itself
                }
              }
            });
    ClusterClient client = client(node);
    assertEquals(200, call(client, "POST", AgentMessages.PAUSE).statusCode());
    HttpResponse<InputStream> stream = call(client, "GET", "/stream");
    HttpResponse<InputStream> watch = call(client, "GET", AgentMessages.WATCH);
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.US_ASCII));
    assertEquals("beat", lines.readLine());

    manager.must(new Command.RemoveNode("2026-01-01T00:00:00Z", node.nodeId(), true));
    long removed = System.nanoTime();
    // On the connection and in the session that it has, and on new ones.
    for (String target :
        List.of(
            AgentMessages.RENEW, AgentMessages.LEAVE, AgentMessages.REPORT, AgentMessages.PAUSE)) {
      HttpResponse<InputStream> answer = call(client, "POST", target);
      assertEquals(403, answer.statusCode(), target);
      assertEquals(
          "Permission denied: node " + node.nodeId() + " was removed from swarm",
          ErrorText.of(answer));
    }
    assertEquals(403, call(client(node), "GET", AgentMessages.WATCH).statusCode());
    assertThrows(
        IOException.class,
        () -> {
          while (lines.readLine() != null) {
            // what was under way
          }
        });
    try (InputStream body = watch.body()) {
      body.readAllBytes();
    } catch (IOException _) {
      // cut off, or ended in order
    }
    Duration took = Duration.ofNanos(System.nanoTime() - removed);
    assertTrue(took.toMillis() < 1500, "refused and ended after " + took);
    assertTrue(count("not-a-member") >= 5);
  }

  @Test
  void nodesAreServedWhileThousandsStandInTheDoor() throws Exception {
    manager.close();
    manager = TestManager.create(folder.resolve("patient"), PATIENT);
    NodeIdentity node = manager.join("w1");
    ClusterClient client = client(node);
    assertEquals(200, beat(client));
    List<Socket> crowd = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      crowd.add(plain());
      if (i % 100 == 0) {
        assertEquals(200, beat(client));
        long strangers = strangers();
        assertTrue(strangers <= PATIENT.perSource(), strangers + " strangers");
      }
    }
    awaitCount("source-crowd", 1500);
    // A new connection gets its handshake done, though it comes from the same address.
    assertEquals(200, beat(client(node)));
    for (Socket each : crowd) {
      each.close();
    }
  }

  @Test
  void badTokensAreCountedAndTheNextGoodOneIsTaken() throws Exception {
    String good = manager.workerToken();
    String bad = good.substring(0, good.length() - 25) + "0".repeat(25);
    for (int i = 0; i < 30; i++) {
      assertThrows(
          io.meshd.daemon.http.ApiException.class,
          () ->
              JoinClient.join(
                  List.of(manager.identity.controlAddress()),
                  bad,
                  new JoinClient.Applicant(
                      "active", TestManager.description("w"), null, 2377, null)));
    }
    assertEquals(30, manager.routes.counters().get("control.refused.token"));
    assertEquals(1, manager.state().nodes().size());
    manager.join("w1");
  }

  /** A client that is not choosy: what it meets is the server's doing. */
  private static final class TrustingAll implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {
      // a client has no clients
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {
      // trusted
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
