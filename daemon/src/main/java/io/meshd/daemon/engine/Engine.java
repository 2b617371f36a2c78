package io.meshd.daemon.engine;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** This node's Docker Engine, which may come and go. Every call blocks. */
public final class Engine {
  private static final long VERSION_NANOS = Duration.ofSeconds(20).toNanos();

  /** For an Engine that takes connections and does not answer. */
  private static final Duration VERSION_LIMIT = Duration.ofSeconds(3);

  private static final Duration DOCUMENT_LIMIT = Duration.ofSeconds(30);

  private final Path socket;
  private final Path own;
  private @Nullable EngineVersion version;
  private long versionRead;

  /**
   * @param socket where it listens
   * @param own meshd's socket, so that it is not taken for an Engine
   */
  public Engine(Path socket, Path own) {
    this.socket = socket;
    this.own = own;
  }

  /**
   * What it speaks, as it said in the last seconds.
   *
   * @throws NoEngineException in a sentence
   */
  public synchronized EngineVersion version() throws IOException {
    EngineVersion known = version;
    // Whether it is there is asked each time: it may be restarted as another version.
    try (EngineSocket connection = connect()) {
      connection.closeAfter(VERSION_LIMIT);
      if (known == null || System.nanoTime() - versionRead > VERSION_NANOS) {
        try (EngineAnswer answer = call(connection, "GET", "/version", null, Map.of())) {
          known = Json.MAPPER.treeToValue(answer.json(), EngineVersion.class);
          version = known;
          versionRead = System.nanoTime();
        }
      }
      return known;
    } catch (NoEngineException e) {
      version = null;
      throw e;
    }
  }

  /** Whether one is there. */
  public boolean answers() {
    try (EngineSocket _ = connect()) {
      return true;
    } catch (NoEngineException _) {
      return false;
    }
  }

  /**
   * Asks for a document, which has to come within half a minute.
   *
   * @param apiVersion of the client that asks, or null
   * @param pathAndQuery without version
   * @param json the body, or null for none
   * @throws NoEngineException in a sentence
   */
  public EngineAnswer call(
      String method, @Nullable String apiVersion, String pathAndQuery, byte @Nullable [] json)
      throws IOException {
    return call(method, apiVersion, pathAndQuery, json, Map.of(), DOCUMENT_LIMIT);
  }

  /**
   * Asks for what may take its time, in the newest version that the Engine speaks.
   *
   * @param headers beside those of the body
   * @param limit after which the call is given up
   */
  public EngineAnswer ask(
      String method,
      String pathAndQuery,
      byte @Nullable [] json,
      Map<String, String> headers,
      Duration limit)
      throws IOException {
    return call(method, null, pathAndQuery, json, headers, limit);
  }

  /** The same without headers, and without a limit: closing the answer ends it. */
  public EngineAnswer stream(String pathAndQuery) throws IOException {
    return call("GET", null, pathAndQuery, null, Map.of(), null);
  }

  /**
   * A document, in the newest version that the Engine speaks.
   *
   * @throws ApiException with the Engine's own words
   * @throws NoEngineException in a sentence
   */
  public JsonNode document(String pathAndQuery) throws IOException {
    try (EngineAnswer answer = call("GET", null, pathAndQuery, null)) {
      return answer.json();
    }
  }

  /**
   * Its events, a JSON object each, without end. Blocks until the first one, as the Engine says
   * nothing before; an interrupt of the calling thread ends that.
   *
   * @param filters as the Engine's API has them, {@code {"type": ["network"]}}
   * @param since what was before is not told, seconds since 1970
   */
  public EngineAnswer events(Map<String, List<String>> filters, long since) throws IOException {
    return call(
        "GET", null, "/events?since=" + since + "&filters=" + query(filters), null, Map.of(), null);
  }

  /** A value of a query, as JSON. */
  public static String query(Object value) {
    return URLEncoder.encode(
        new String(Json.bytes(value), StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  /** The same with the exchange's method, path, query and body. */
  public EngineAnswer call(Exchange exchange) throws IOException {
    byte[] body = exchange.body();
    return call(
        exchange.method(), exchange.apiVersion(), target(exchange), body.length == 0 ? null : body);
  }

  /** Asks what the exchange asks; the body is read as it comes, closing it ends the call. */
  public EngineAnswer stream(Exchange exchange) throws IOException {
    return call(exchange.method(), exchange.apiVersion(), target(exchange), null, Map.of(), null);
  }

  private EngineAnswer call(
      String method,
      @Nullable String apiVersion,
      String pathAndQuery,
      byte @Nullable [] json,
      Map<String, String> headers,
      @Nullable Duration limit)
      throws IOException {
    String target = version().path(apiVersion, pathAndQuery);
    EngineSocket connection = connect();
    try {
      if (limit != null) {
        connection.closeAfter(limit);
      }
      return call(connection, method, target, json, headers);
    } catch (IOException e) {
      connection.close();
      throw e;
    }
  }

  private static EngineAnswer call(
      EngineSocket connection,
      String method,
      String target,
      byte @Nullable [] json,
      Map<String, String> headers)
      throws IOException {
    StringBuilder head = new StringBuilder();
    head.append(method).append(' ').append(target).append(" HTTP/1.0\r\nHost: docker\r\n");
    headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    if (json != null) {
      if (!headers.containsKey("Content-Type")) {
        head.append("Content-Type: application/json\r\n");
      }
      head.append("Content-Length: ").append(json.length).append("\r\n");
    }
    connection.out().write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    if (json != null) {
      connection.out().write(json);
    }
    InputStream in = new BufferedInputStream(connection.in());
    return EngineAnswer.read(in);
  }

  /**
   * Passes the whole exchange on: what it asks goes to the Engine as it is, in a version that the
   * Engine speaks, and all that comes after goes both ways until both have ended.
   *
   * @throws NoEngineException before anything was answered
   */
  public void pass(Exchange exchange) throws IOException, InterruptedException {
    pass(exchange, exchange.path(), exchange.body());
  }

  /** The same with another path and body. */
  public void pass(Exchange exchange, String path, byte[] body)
      throws IOException, InterruptedException {
    String query = exchange.rawQuery().isEmpty() ? "" : "?" + exchange.rawQuery();
    String target = version().path(exchange.apiVersion(), path) + query;
    try (EngineSocket connection = connect()) {
      new Passage(exchange, connection).run(target, body);
    }
  }

  private static String target(Exchange exchange) {
    String query = exchange.rawQuery();
    return query.isEmpty() ? exchange.path() : exchange.path() + "?" + query;
  }

  private EngineSocket connect() throws NoEngineException {
    return EngineSocket.connect(socket, own);
  }
}
