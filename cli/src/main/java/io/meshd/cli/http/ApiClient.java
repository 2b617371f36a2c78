package io.meshd.cli.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import io.meshd.api.Json;
import io.meshd.api.Paths;
import io.meshd.api.http.UnixHttp;
import io.meshd.cli.grammar.Failure;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The API as the commands use it: JSON in and out, every error a {@link Failure}. */
public final class ApiClient {
  /** Docker's words, from this side where the kernel refuses, from the daemon where that does. */
  private static final String DENIED =
      "permission denied while trying to connect to the meshd daemon socket at ";

  private final String host;
  private final UnixHttp http;

  /**
   * @param host {@code unix:///path}
   */
  public ApiClient(String host) {
    this.host = host;
    this.http = new UnixHttp(socketPath(host), "meshctl");
  }

  private static Path socketPath(String host) {
    if (!host.startsWith("unix://") || host.length() == "unix://".length()) {
      throw new Failure("unable to parse meshd host \"%s\": expected unix:///path".formatted(host));
    }
    return Path.of(host.substring("unix://".length()));
  }

  public <T> T get(String path, Class<T> type) {
    return read(exchange("GET", path, Map.of(), null), type);
  }

  public JsonNode getTree(String path) {
    return get(path, JsonNode.class);
  }

  /** With headers of the caller's. */
  public JsonNode getTree(String path, Map<String, String> headers) {
    return read(exchange("GET", path, headers, null), JsonNode.class);
  }

  public <T> T post(String path, @Nullable Object body, Class<T> type) {
    return post(path, Map.of(), body, type);
  }

  /** With headers of the caller's. */
  public <T> T post(
      String path, Map<String, String> headers, @Nullable Object body, Class<T> type) {
    return read(exchange("POST", path, headers, body), type);
  }

  /** An answer's body as it is. */
  public byte[] getBytes(String path) {
    return exchange("GET", path, Map.of(), null);
  }

  /** Sends bytes as they are; JSON comes back. */
  public <T> T postBytes(String path, byte[] body, Class<T> type) {
    try (UnixHttp.Answer answer = checked(sendBytes("POST", path, Map.of(), body, false))) {
      return read(answer.body().readAllBytes(), type);
    } catch (IOException e) {
      throw broken(e);
    }
  }

  /** A request whose answer's body does not matter. */
  public void call(String method, String path, @Nullable Object body) {
    exchange(method, path, Map.of(), body);
  }

  /** An answer to read piece by piece, or a raw connection; errors are thrown at once. */
  public UnixHttp.Answer open(String method, String path, @Nullable Object body, boolean upgrade) {
    return checked(send(method, path, Map.of(), body, upgrade));
  }

  private UnixHttp.Answer checked(UnixHttp.Answer answer) {
    if (answer.status() < 400) {
      return answer;
    }
    try (answer) {
      throw refusal(answer.status(), answer.body().readAllBytes());
    } catch (IOException e) {
      throw broken(e);
    }
  }

  private byte[] exchange(
      String method, String path, Map<String, String> headers, @Nullable Object body) {
    try (UnixHttp.Answer answer = checked(send(method, path, headers, body, false))) {
      return answer.body().readAllBytes();
    } catch (IOException e) {
      throw broken(e);
    }
  }

  private UnixHttp.Answer send(
      String method,
      String path,
      Map<String, String> headers,
      @Nullable Object body,
      boolean upgrade) {
    return sendBytes(method, path, headers, body == null ? null : Json.bytes(body), upgrade);
  }

  private UnixHttp.Answer sendBytes(
      String method,
      String path,
      Map<String, String> headers,
      byte @Nullable [] bytes,
      boolean upgrade) {
    try {
      return http.send(method, "/v" + Paths.API_VERSION + path, headers, bytes, upgrade);
    } catch (NoSuchFileException | ConnectException e) {
      throw absent();
    } catch (SocketException e) {
      if (String.valueOf(e.getMessage()).contains("Permission denied")) {
        throw new Failure(DENIED + host);
      }
      throw e.getMessage() != null && e.getMessage().contains("No such file")
          ? absent()
          : broken(e);
    } catch (IOException e) {
      throw broken(e);
    }
  }

  private Failure absent() {
    return new Failure(
        "Cannot connect to the meshd daemon at %s. Is the meshd daemon running?".formatted(host));
  }

  private Failure broken(IOException e) {
    return new Failure(
        "error during connect to the meshd daemon at %s: %s".formatted(host, e.getMessage()));
  }

  private static Failure refusal(int status, byte[] body) {
    String message = null;
    try {
      JsonNode tree = Json.MAPPER.readTree(body);
      message = tree == null ? null : tree.path("message").textValue();
    } catch (IOException e) {
      // Not JSON: the text itself is the message.
    }
    if (message == null) {
      message = new String(body, StandardCharsets.UTF_8).strip();
    }
    if (message.startsWith(DENIED)) {
      return new Failure(message);
    }
    return new ApiFailure(status, message.isEmpty() ? "HTTP status " + status : message);
  }

  private <T> T read(byte[] body, Class<T> type) {
    try {
      T value =
          Json.MAPPER.readValue(
              body.length == 0 ? "null".getBytes(StandardCharsets.UTF_8) : body, type);
      if (value == null) {
        if (type == JsonNode.class) {
          return type.cast(NullNode.getInstance());
        }
        throw new Failure("the meshd daemon at %s sent an empty answer".formatted(host));
      }
      return value;
    } catch (IOException e) {
      throw new Failure(
          "the meshd daemon at %s sent an answer that is not understood".formatted(host));
    }
  }

  /** One path segment or parameter value, percent-encoded. */
  public static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** {@code path?filters=...}, or the path alone for empty filters. */
  public static String filtered(String path, String filters) {
    if (filters.isEmpty()) {
      return path;
    }
    return path + (path.indexOf('?') < 0 ? "?" : "&") + "filters=" + encode(filters);
  }
}
