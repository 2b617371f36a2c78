package io.meshd.daemon.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.audit.Asker;
import io.meshd.daemon.command.RaftProposer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.ApiServer;
import io.meshd.daemon.http.Peer;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.UnixHttp;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.security.TlsContexts;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A worker's server, on :2377 of its own, that passes {@code /services/...} on to the manager. */
@Timeout(60)
final class LeaderForwarderTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  @TempDir Path folder;
  private TestManager manager;
  private ClusterClient toManager;
  private ClusterClient toWorker;
  private ApiServer worker;
  private String workerAddress;

  /** Whom the worker takes for the leader. */
  private final AtomicReference<@Nullable String> leader = new AtomicReference<>();

  @SuppressWarnings("NullAway.Init") // set before each test
  LeaderForwarderTest() {}

  @BeforeEach
  void start() throws Exception {
    manager = TestManager.create(folder);
    NodeIdentity node = manager.join("w1");
    toManager = ClusterClient.ofManagers(new NodeCredentials(node));
    toWorker = ClusterClient.ofNodes(new NodeCredentials(manager.identity));
    LeaderForwarder forwarder =
        new LeaderForwarder(
            () -> List.of(manager.identity.controlAddress()), leader::get, toManager);
    worker = new ApiServer(new ApiServer.Settings(Map.of(), "1.24", "1.47", Duration.ofMinutes(1)));
    for (String method : List.of("GET", "POST")) {
      worker
          .routes()
          .add(Routes.Doors.LOCAL_AND_NODES, method, "/services/{rest...}", forwarder::forward);
    }
    InetSocketAddress bound =
        worker.openTls(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            TlsContexts.server(new NodeCredentials(node)),
            new NodeDoor(manager::state));
    workerAddress = "127.0.0.1:" + bound.getPort();
  }

  @AfterEach
  void stop() throws Exception {
    toWorker.close();
    toManager.close();
    worker.close();
    manager.close();
  }

  private HttpResponse<InputStream> call(String method, String target, String body)
      throws Exception {
    return toWorker.send(
        workerAddress,
        method,
        target,
        Map.of("Content-Type", "text/x"),
        body.getBytes(UTF_8),
        LIMIT);
  }

  private static String text(HttpResponse<InputStream> answer) throws IOException {
    try (InputStream body = answer.body()) {
      return new String(body.readAllBytes(), UTF_8).strip();
    }
  }

  @Test
  void theWholeCallReachesTheManagerAndItsAnswerComesBack() throws Exception {
    manager
        .server
        .routes()
        .add(
            Routes.Doors.LOCAL_AND_NODES,
            "POST",
            "/services/{id}/update",
            exchange ->
                exchange.respondRaw(
                    201,
                    "text/plain",
                    String.join(
                            " ",
                            exchange.apiVersion(),
                            exchange.param("id"),
                            exchange.rawQuery(),
                            exchange.header("Content-Type"),
                            new String(exchange.body(), UTF_8),
                            exchange.peer() instanceof Peer.Remote remote ? remote.role() : "?")
                        .getBytes(UTF_8)));
    HttpResponse<InputStream> answer = call("POST", "/v1.41/services/a%20b/update?version=7", "{}");
    assertEquals(201, answer.statusCode());
    assertEquals("text/plain", answer.headers().firstValue("Content-Type").orElse(""));
    assertEquals("1.41 a b version=7 text/x {} worker", text(answer));
  }

  @Test
  void theUserOfTheSocketIsToldAndOnlyHere() throws Exception {
    manager
        .server
        .routes()
        .add(
            Routes.Doors.LOCAL_AND_NODES,
            "GET",
            "/services/{id}",
            exchange ->
                exchange.respond(
                    200, Asker.of(exchange, "").fields().entrySet().stream().toList().toString()));
    Path socket = folder.resolve("worker.sock");
    worker.openUnix(socket);
    String said = UnixHttp.call(socket, "GET", "/services/web", "").text();
    assertTrue(said.startsWith("\"[uid=0, node="), said);
    assertTrue(said.contains(", role=worker, address=127.0.0.1"), said);
    String fromNode = text(call("GET", "/services/web", ""));
    assertTrue(fromNode.startsWith("\"[node="), fromNode);
  }

  @Test
  void errorsComeBackAsTheyWere() throws Exception {
    manager
        .server
        .routes()
        .add(
            Routes.Doors.LOCAL_AND_NODES,
            "GET",
            "/services/{id}",
            exchange -> {
              throw new ApiException(404, "service web not found");
            });
    HttpResponse<InputStream> answer = call("GET", "/services/web", "");
    assertEquals(404, answer.statusCode());
    assertEquals("{\"message\":\"service web not found\"}", text(answer));
  }

  @Test
  void aStreamIsPassedOnLineByLineAndEndsWhenTheReaderGoes() throws Exception {
    CountDownLatch second = new CountDownLatch(1);
    CountDownLatch gone = new CountDownLatch(1);
    manager
        .server
        .routes()
        .add(
            Routes.Doors.LOCAL_AND_NODES,
            "GET",
            "/services/{id}/logs",
            exchange -> {
              exchange.onGone(gone::countDown);
              try (OutputStream out = exchange.stream(200, "application/octet-stream")) {
                out.write("one\n".getBytes(UTF_8));
                assertTrue(second.await(10, TimeUnit.SECONDS));
                do {
                  out.write("more\n".getBytes(UTF_8));
                } while (!gone.await(10, TimeUnit.MILLISECONDS));
              }
            });
    HttpResponse<InputStream> answer = call("GET", "/services/web/logs?follow=1", "");
    try (InputStream body = answer.body()) {
      assertEquals("one\n", new String(body.readNBytes(4), UTF_8));
      second.countDown();
      assertEquals("more\n", new String(body.readNBytes(5), UTF_8));
    }
    assertTrue(gone.await(LIMIT.toMillis(), TimeUnit.MILLISECONDS));
  }

  @Test
  void aCallToOneThatLeadsNoMoreIsGivenUp() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    manager
        .server
        .routes()
        .add(
            Routes.Doors.LOCAL_AND_NODES,
            "POST",
            "/services/create",
            exchange -> {
              asked.countDown();
              assertTrue(over.await(30, TimeUnit.SECONDS));
            });
    leader.set(manager.identity.controlAddress());
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                assertTrue(asked.await(10, TimeUnit.SECONDS));
                leader.set("127.0.0.1:1");
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    HttpResponse<InputStream> answer = call("POST", "/services/create", "{}");
    over.countDown();
    assertEquals(503, answer.statusCode());
    assertTrue(text(answer).contains(RaftProposer.NO_LEADER));
  }

  @Test
  void withoutAManagerItSaysSoInSwarmsWords() throws Exception {
    manager.close();
    HttpResponse<InputStream> answer = call("GET", "/services/web", "");
    assertEquals(503, answer.statusCode());
    assertTrue(text(answer).contains(RaftProposer.NO_LEADER));
    manager = TestManager.reopen(folder);
  }
}
