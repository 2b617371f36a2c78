package io.meshd.daemon.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** A plain HTTP/1.1 client of one connection, so that tests see every byte. */
public final class UnixHttp implements AutoCloseable {

  /** An answer; header names in lower case. */
  @SuppressWarnings("ArrayRecordComponent") // a test's own copy
  public record Answer(int status, Map<String, String> headers, byte[] body) {
    public String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    public JsonNode json() throws IOException {
      return Json.MAPPER.readTree(body);
    }

    /** {@code message} of an error. */
    public String message() throws IOException {
      return json().path("message").asText();
    }
  }

  private final java.io.Closeable connection;
  private final InputStream in;
  private final OutputStream out;

  private UnixHttp(java.io.Closeable connection, InputStream in, OutputStream out) {
    this.connection = connection;
    this.in = in;
    this.out = out;
  }

  public static UnixHttp connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
    return new UnixHttp(
        channel, Channels.newInputStream(channel), Channels.newOutputStream(channel));
  }

  public static UnixHttp over(java.net.Socket socket) throws IOException {
    return new UnixHttp(socket, socket.getInputStream(), socket.getOutputStream());
  }

  /** One call on a connection of its own. */
  public static Answer call(Path socket, String method, String target, String body)
      throws IOException {
    try (UnixHttp http = connect(socket)) {
      return http.call(method, target, body);
    }
  }

  public Answer call(String method, String target, String body) throws IOException {
    return call(method, target, Map.of(), body);
  }

  public Answer call(String method, String target, Map<String, String> headers, String body)
      throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    StringBuilder others = new StringBuilder();
    headers.forEach((name, value) -> others.append(name + ": " + value + "\r\n"));
    send(
        "%s %s HTTP/1.1\r\nHost: meshd\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n"
            .formatted(method, target, bytes.length, others));
    out.write(bytes);
    return read(method.equals("HEAD"));
  }

  public void send(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  public Answer read(boolean head) throws IOException {
    String status = line();
    Map<String, String> headers = headers();
    int code = Integer.parseInt(status.substring(9, 12));
    if (head || code == 204 || code == 101) {
      return new Answer(code, headers, new byte[0]);
    }
    if ("chunked".equals(headers.get("transfer-encoding"))) {
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      for (byte[] chunk = chunk(); chunk.length > 0; chunk = chunk()) {
        body.writeBytes(chunk);
      }
      return new Answer(code, headers, body.toByteArray());
    }
    String length = headers.get("content-length");
    return new Answer(
        code, headers, length == null ? new byte[0] : in.readNBytes(Integer.parseInt(length)));
  }

  /** Status line and headers only: the body is read by {@link #chunk} or {@link #in}. */
  public Answer readHead() throws IOException {
    String status = line();
    return new Answer(Integer.parseInt(status.substring(9, 12)), headers(), new byte[0]);
  }

  private Map<String, String> headers() throws IOException {
    Map<String, String> headers = new TreeMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(java.util.Locale.ROOT),
          line.substring(colon + 1).strip());
    }
    return headers;
  }

  /** The next chunk; empty at the end. */
  public byte[] chunk() throws IOException {
    int length = Integer.parseInt(line(), 16);
    byte[] bytes = in.readNBytes(length);
    line();
    return bytes;
  }

  public InputStream in() {
    return in;
  }

  public OutputStream out() {
    return out;
  }

  public String line() throws IOException {
    StringBuilder line = new StringBuilder();
    while (true) {
      int value = in.read();
      if (value < 0) {
        throw new EOFException("the server closed the connection after: " + line);
      }
      if (value == '\n') {
        return line.toString();
      }
      if (value != '\r') {
        line.append((char) value);
      }
    }
  }

  /** True once the server has closed the connection. */
  public boolean ended() throws IOException {
    return in.read() < 0;
  }

  /** Ends our side only. */
  public void shutdownOutput() throws IOException {
    if (connection instanceof SocketChannel channel) {
      channel.shutdownOutput();
    }
  }

  @Override
  public void close() throws IOException {
    connection.close();
  }
}
