package io.meshd.daemon.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.meshd.daemon.http.Routes.Doors;
import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class ApiServerTest {

  record Port(@JsonProperty("Number") int number, @JsonProperty("Name") @Nullable String name) {}

  record Spec(
      @JsonProperty("Ports") @Nullable List<Port> ports,
      @JsonProperty("On") @Nullable Boolean on,
      @JsonProperty("Labels") @Nullable Map<String, String> labels,
      @JsonProperty("Name") String name) {}

  @TempDir Path folder;
  private Path socket;
  private ApiServer server;

  static ApiServer.Settings settings() {
    return new ApiServer.Settings(
        Map.of("Api-Version", "1.47", "Server", "Meshd/test (linux)", "Ostype", "linux"),
        "1.24",
        "1.47",
        Duration.ofSeconds(20));
  }

  @BeforeEach
  void open() throws IOException {
    socket = folder.resolve("meshd.sock");
    server = new ApiServer(settings());
    Routes routes = server.routes();
    routes.add(Doors.LOCAL, "GET", "/hello", e -> e.respond(200, Map.of("ok", true)));
    routes.add(
        Doors.LOCAL,
        "GET",
        "/things/{name}",
        e -> e.respond(200, Map.of("name", e.param("name"), "flag", e.flag("all"))));
    routes.add(Doors.LOCAL, "GET", "/things/all", e -> e.respond(200, "literal"));
    routes.add(Doors.LOCAL, "DELETE", "/things/{name}", e -> e.respond(204, null));
    routes.add(
        Doors.LOCAL, "GET", "/files/{path...}", e -> e.respond(200, Map.of("p", e.param("path"))));
    routes.add(Doors.LOCAL, "POST", "/spec", e -> e.respond(201, e.json(Spec.class)));
    routes.add(Doors.LOCAL, "POST", "/length", e -> e.respond(200, Map.of("n", e.body().length)));
    routes.add(Doors.MANAGERS, "GET", "/managers", e -> e.respond(200, "no"));
    routes.add(
        Doors.LOCAL,
        "GET",
        "/broken",
        e -> {
          throw new IllegalStateException("a secret of ours");
        });
    routes.add(Doors.LOCAL, "GET", "/peer", e -> e.respond(200, String.valueOf(e.peer())));
    server.openUnix(socket);
  }

  @AfterEach
  void close() throws IOException {
    server.close();
    assertFalse(Files.exists(socket), "the socket's file stays behind");
  }

  private UnixHttp.Answer call(String method, String target, String body) throws Exception {
    return UnixHttp.call(socket, method, target, body);
  }

  @Test
  void answersJsonWithDockersHeaders() throws Exception {
    UnixHttp.Answer answer = call("GET", "/hello", "");
    assertEquals(200, answer.status());
    assertEquals("{\"ok\":true}\n", answer.text());
    assertEquals("application/json", answer.headers().get("content-type"));
    assertEquals("1.47", answer.headers().get("api-version"));
    assertEquals("Meshd/test (linux)", answer.headers().get("server"));
    assertEquals("linux", answer.headers().get("ostype"));
    assertEquals(200, call("HEAD", "/hello", "").status());
    assertEquals(204, call("DELETE", "/things/a", "").status());
  }

  @Test
  void keepsAConnectionForManyRequestsAlsoWhenTheyArePipelined() throws Exception {
    try (UnixHttp http = UnixHttp.connect(socket)) {
      for (int i = 0; i < 50; i++) {
        assertEquals(200, http.call("GET", "/hello", "").status());
      }
      for (int i = 0; i < 40; i++) {
        http.send("GET /things/n" + i + " HTTP/1.1\r\nHost: x\r\n\r\n");
      }
      for (int i = 0; i < 40; i++) {
        assertEquals("n" + i, http.read(false).json().path("name").asText());
      }
      http.send("GET /hello HTTP/1.0\r\n\r\n");
      assertEquals("close", http.read(false).headers().get("connection"));
      assertTrue(http.ended());
    }
  }

  @Test
  void answersAPeerThatHasEndedItsSide() throws Exception {
    try (UnixHttp http = UnixHttp.connect(socket)) {
      http.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
      http.shutdownOutput();
      assertEquals(200, http.read(false).status());
      assertTrue(http.ended());
    }
  }

  @Test
  void prefersLiteralsAndDecodesParameters() throws Exception {
    assertEquals("\"literal\"\n", call("GET", "/things/all", "").text());
    assertEquals("a b/c+d", call("GET", "/things/a%20b%2Fc+d", "").json().path("name").asText());
    assertTrue(call("GET", "/v1.47/things/x?all=1", "").json().path("flag").asBoolean());
    assertFalse(call("GET", "/things/x?all=0", "").json().path("flag").asBoolean());
    assertEquals("a/b/c", call("GET", "/files/a/b/c", "").json().path("p").asText());
    assertEquals(400, call("GET", "/things/%zz", "").status());
    assertEquals(400, call("GET", "/things/x?all=%2", "").status());
  }

  @Test
  void saysWhatIsNotThere() throws Exception {
    UnixHttp.Answer missing = call("GET", "/nothing", "");
    assertEquals(404, missing.status());
    assertEquals("{\"message\":\"page not found\"}\n", missing.text());
    UnixHttp.Answer method = call("PUT", "/hello", "");
    assertEquals(405, method.status());
    assertEquals("method PUT is not allowed on /hello, allowed: GET", method.message());
    UnixHttp.Answer door = call("GET", "/managers", "");
    assertEquals(403, door.status());
    assertEquals(
        "this call is for the nodes of the cluster only, not for the local socket", door.message());
  }

  @Test
  void refusesVersionsOutsideTheServedOnes() throws Exception {
    assertEquals(200, call("GET", "/v1.24/hello", "").status());
    UnixHttp.Answer old = call("GET", "/v1.23/hello", "");
    assertEquals(400, old.status());
    assertEquals(
        "client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version",
        old.message());
    assertEquals(
        "client version 1.99 is too new. Maximum supported API version is 1.47",
        call("GET", "/v1.99/hello", "").message());
    assertEquals(404, call("GET", "/vx/hello", "").status());
    assertEquals(400, call("GET", "/v99999999999999999999/hello", "").status());
  }

  @Test
  void tellsThePlaceOfWrongJson() throws Exception {
    assertEquals(201, call("POST", "/spec", "{\"Name\":\"a\",\"Other\":1}").status());
    assertError("{\"Name\":1}", "invalid JSON: Name: must be a string");
    assertError(
        "{\"Name\":\"a\",\"Ports\":[{\"Number\":\"80\"}]}",
        "invalid JSON: Ports[0].Number: must be a whole number");
    assertError(
        "{\"Name\":\"a\",\"Ports\":[{\"Number\":1.5}]}",
        "invalid JSON: Ports[0].Number: must be a whole number");
    assertError(
        "{\"Name\":\"a\",\"Ports\":[{\"Number\":99999999999}]}",
        "invalid JSON: Ports[0].Number: number out of range");
    assertError("{\"Name\":\"a\",\"Ports\":[null]}", "invalid JSON: Ports[0]: must not be null");
    assertError("{\"Name\":\"a\",\"Ports\":{}}", "invalid JSON: Ports: must be a list");
    assertError("{\"Name\":\"a\",\"On\":\"yes\"}", "invalid JSON: On: must be true or false");
    assertError("{\"Name\":\"a\",\"Labels\":[]}", "invalid JSON: Labels: must be an object");
    assertError("{\"Labels\":{}}", "invalid JSON: Name: is required");
    assertError("[]", "invalid JSON: the body must be an object");
    assertError("null", "invalid JSON: the body must be an object");
    assertError("", "invalid JSON: got EOF while reading request body");
    UnixHttp.Answer syntax = call("POST", "/spec", "{\"Name\": nope}");
    assertEquals(400, syntax.status());
    assertTrue(syntax.message().startsWith("invalid JSON: "), syntax.message());
    assertFalse(syntax.text().contains("Exception"), syntax.text());
    UnixHttp.Answer deep = call("POST", "/spec", "[".repeat(100_000));
    assertEquals(400, deep.status());
    assertFalse(deep.text().contains("Exception"), deep.text());
  }

  private void assertError(String body, String message) throws Exception {
    UnixHttp.Answer answer = call("POST", "/spec", body);
    assertEquals(400, answer.status(), answer.text());
    assertEquals(message, answer.message());
  }

  @Test
  void boundsBodiesAndHeaders() throws Exception {
    assertEquals(4 << 20, call("POST", "/length", "x".repeat(4 << 20)).json().path("n").asInt());
    UnixHttp.Answer declared = call("POST", "/length", "x".repeat((4 << 20) + 1));
    assertEquals(413, declared.status());
    assertEquals("the request's body is larger than 4 MiB", declared.message());
    try (UnixHttp http = UnixHttp.connect(socket)) {
      http.send("POST /length HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (int i = 0; i < 6; i++) {
        http.send("100000\r\n" + "y".repeat(1 << 20) + "\r\n");
      }
      assertEquals(413, http.read(false).status());
    }
    try (UnixHttp http = UnixHttp.connect(socket)) {
      http.send("GET /hello HTTP/1.1\r\nX: " + "h".repeat(70_000) + "\r\n\r\n");
      assertEquals(431, http.read(false).status());
    }
    try (UnixHttp http = UnixHttp.connect(socket)) {
      http.send("GET /" + "u".repeat(20_000) + " HTTP/1.1\r\n\r\n");
      assertEquals(414, http.read(false).status());
    }
  }

  @Test
  void answersMalformedHttpAndGoesOn() throws Exception {
    for (String garbage : List.of("NONSENSE\r\n\r\n", "GET / SPDY\r\n\r\n", "\0\1\2\3\r\n\r\n")) {
      try (UnixHttp http = UnixHttp.connect(socket)) {
        http.send(garbage);
        UnixHttp.Answer answer = http.read(false);
        assertEquals(400, answer.status());
        assertEquals("malformed HTTP request", answer.message());
        assertTrue(http.ended());
      }
    }
    assertEquals(200, call("GET", "/hello", "").status());
  }

  @Test
  void hidesWhatBrokeInside() throws Exception {
    UnixHttp.Answer answer = call("GET", "/broken", "");
    assertEquals(500, answer.status());
    assertEquals("internal error, see the log of meshd", answer.message());
  }

  @Test
  void knowsTheCallerOfTheSocket() throws Exception {
    String text = call("GET", "/peer", "").text();
    assertTrue(text.contains("pid=" + ProcessHandle.current().pid()), text);
  }

  @Test
  void streamsWriteByWriteAndWaitsForASlowReader() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    AtomicLong written = new AtomicLong();
    server
        .routes()
        .add(
            Doors.LOCAL,
            "GET",
            "/stream",
            e -> {
              try (OutputStream out = e.stream(200, "text/plain")) {
                out.write("first".getBytes(StandardCharsets.UTF_8));
                go.await();
                byte[] block = new byte[64 << 10];
                for (int i = 0; i < 200; i++) {
                  out.write(block);
                  written.addAndGet(block.length);
                }
              }
            });
    try (UnixHttp http = UnixHttp.connect(socket)) {
      http.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
      assertEquals("chunked", http.readHead().headers().get("transfer-encoding"));
      assertEquals("first", new String(http.chunk(), StandardCharsets.UTF_8));
      go.countDown();
      Awaitility.await()
          .during(Duration.ofMillis(200))
          .atMost(Duration.ofSeconds(5))
          .until(() -> written.get() > 0 && written.get() < 4 << 20);
      long total = 0;
      for (byte[] chunk = http.chunk(); chunk.length > 0; chunk = http.chunk()) {
        total += chunk.length;
      }
      assertEquals(200L * (64 << 10), total);
      assertEquals(200, http.call("GET", "/hello", "").status(), "the connection is kept");
    }
  }

  @Test
  void tellsAStreamThatItsReaderHasGone() throws Exception {
    CountDownLatch gone = new CountDownLatch(1);
    CountDownLatch failed = new CountDownLatch(1);
    server
        .routes()
        .add(
            Doors.LOCAL,
            "GET",
            "/endless",
            e -> {
              e.onGone(gone::countDown);
              try (OutputStream out = e.stream(200, "text/plain")) {
                out.write('x');
                gone.await();
                out.write('y');
              } catch (IOException _) {
                failed.countDown();
              }
            });
    try (UnixHttp http = UnixHttp.connect(socket)) {
      http.send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
      http.readHead();
      http.chunk();
    }
    assertTrue(gone.await(5, TimeUnit.SECONDS));
    assertTrue(failed.await(5, TimeUnit.SECONDS));
  }

  @RepeatedTest(10)
  void handsTheConnectionOverWithAndWithoutUpgradeHeader() throws Exception {
    server
        .routes()
        .add(
            Doors.LOCAL,
            "POST",
            "/echo",
            e -> {
              Exchange.Upgraded raw = e.upgrade("application/vnd.docker.raw-stream");
              raw.in().transferTo(raw.out());
              raw.out().write("bye".getBytes(StandardCharsets.UTF_8));
            });
    for (String upgrade : List.of("Connection: Upgrade\r\nUpgrade: tcp\r\n", "")) {
      try (UnixHttp http = UnixHttp.connect(socket)) {
        http.send("POST /echo HTTP/1.1\r\nHost: x\r\n" + upgrade + "Content-Length: 2\r\n\r\n{}");
        UnixHttp.Answer head = http.readHead();
        assertEquals(upgrade.isEmpty() ? 200 : 101, head.status());
        assertEquals("application/vnd.docker.raw-stream", head.headers().get("content-type"));
        byte[] block = new byte[1 << 20];
        Thread sender =
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        http.out().write(block);
                        http.shutdownOutput();
                      } catch (IOException ex) {
                        throw new java.io.UncheckedIOException(ex);
                      }
                    });
        assertArrayEquals(block, http.in().readNBytes(1 << 20));
        assertEquals("bye", new String(http.in().readAllBytes(), StandardCharsets.UTF_8));
        sender.join();
      }
    }
  }

  @Test
  void replacesAStaleSocketAndRefusesOneThatIsServed() throws Exception {
    ApiServer second = new ApiServer(settings());
    IOException served = assertThrows(IOException.class, () -> second.openUnix(socket));
    assertEquals("another process serves " + socket + " already", served.getMessage());
    assertEquals(200, call("GET", "/hello", "").status());

    Path stale = folder.resolve("stale.sock");
    try (ServerSocketChannel left = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      left.bind(UnixDomainSocketAddress.of(stale));
    }
    second.openUnix(stale);
    assertEquals(404, UnixHttp.call(stale, "GET", "/x", "").status());
    second.close();
    assertFalse(Files.exists(stale));

    Path file = Files.writeString(folder.resolve("file"), "precious");
    try (ApiServer third = new ApiServer(settings())) {
      IOException kept = assertThrows(IOException.class, () -> third.openUnix(file));
      assertEquals(file + " exists and is not a socket", kept.getMessage());
    }
    assertEquals("precious", Files.readString(file));
  }
}
