package io.meshd.daemon.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.meshd.api.Json;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the Engine answers. The body ends with its connection (HTTP/1.0 is asked, so that there are
 * no chunks).
 *
 * @param headers names in lower case
 */
public record EngineAnswer(int status, Map<String, String> headers, InputStream body)
    implements AutoCloseable {
  private static final int MAX_HEAD = 64 << 10;

  /** Of documents; streams are not read whole. */
  private static final int MAX_DOCUMENT = 64 << 20;

  /**
   * Reads the head.
   *
   * @throws IOException in words when it is none
   */
  static EngineAnswer read(InputStream in) throws IOException {
    String[] lines = head(in).split("\r\n", -1);
    String[] start = lines[0].split(" ", 3);
    if (!start[0].startsWith("HTTP/1.") || start.length < 2 || !start[1].matches("[1-5][0-9]{2}")) {
      throw new IOException("the Docker Engine does not answer in HTTP: " + lines[0]);
    }
    Map<String, String> headers = new TreeMap<>();
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      if (colon > 0) {
        headers.put(
            lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
            lines[i].substring(colon + 1).strip());
      }
    }
    return new EngineAnswer(Integer.parseInt(start[1]), headers, in);
  }

  private static String head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    int newlines = 0;
    while (newlines < 2) {
      int next = in.read();
      if (next < 0 || head.size() == MAX_HEAD) {
        throw new IOException("the Docker Engine ended the connection without an answer");
      }
      head.write(next);
      if (next == '\n') {
        newlines++;
      } else if (next != '\r') {
        newlines = 0;
      }
    }
    return head.toString(java.nio.charset.StandardCharsets.ISO_8859_1).stripTrailing();
  }

  public boolean ok() {
    return status >= 200 && status < 300;
  }

  public @Nullable String header(String name) {
    return headers.get(name);
  }

  /**
   * The whole body as JSON, a missing node where there is none.
   *
   * @throws ApiException the Engine's own error
   */
  public JsonNode json() throws IOException {
    byte[] bytes = bytes();
    JsonNode tree = bytes.length == 0 ? MissingNode.getInstance() : tree(bytes);
    if (!ok()) {
      String message = tree.path("message").asText();
      throw new ApiException(
          status, message.isEmpty() ? "the Docker Engine answers with " + status : message);
    }
    return tree;
  }

  private static JsonNode tree(byte[] bytes) throws IOException {
    try {
      return Json.MAPPER.readTree(bytes);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new IOException("the Docker Engine's answer is no JSON: " + e.getOriginalMessage());
    }
  }

  private byte[] bytes() throws IOException {
    byte[] bytes = body.readNBytes(MAX_DOCUMENT + 1);
    if (bytes.length > MAX_DOCUMENT) {
      throw new IOException("the Docker Engine's answer is longer than 64 MiB");
    }
    return bytes;
  }

  /** Answers the client with it. */
  public void answer(Exchange exchange) throws IOException {
    byte[] bytes = bytes();
    String type = header("content-type");
    if (bytes.length == 0) {
      exchange.respond(status, null);
    } else {
      exchange.respondRaw(status, type == null ? "application/json" : type, bytes);
    }
  }

  @Override
  public void close() throws IOException {
    body.close();
  }
}
