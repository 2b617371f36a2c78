package io.meshd.daemon.containers;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.engine.EngineAnswer;
import io.meshd.daemon.http.ApiException;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Calls of this package to the Engine, each for a whole document. */
final class EngineCalls {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final Engine engine;

  EngineCalls(Engine engine) {
    this.engine = engine;
  }

  Engine engine() {
    return engine;
  }

  JsonNode get(String pathAndQuery) throws IOException {
    return call("GET", pathAndQuery, null, LIMIT);
  }

  JsonNode post(String pathAndQuery, @Nullable Object body) throws IOException {
    return call("POST", pathAndQuery, body, LIMIT);
  }

  JsonNode post(String pathAndQuery, @Nullable Object body, Duration limit) throws IOException {
    return call("POST", pathAndQuery, body, limit);
  }

  void delete(String pathAndQuery) throws IOException {
    var _ = call("DELETE", pathAndQuery, null, LIMIT);
  }

  /**
   * @throws RefusedException with the Engine's words
   * @throws IOException when it does not answer, or not in time
   */
  private JsonNode call(String method, String pathAndQuery, @Nullable Object body, Duration limit)
      throws IOException {
    byte[] json = body == null ? null : Json.bytes(body);
    try (EngineAnswer answer = engine.ask(method, pathAndQuery, json, Map.of(), limit)) {
      return answer.json();
    } catch (ApiException e) {
      throw new RefusedException(e.status(), e.text());
    }
  }

  /** A value of a query or a part of a path. */
  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
