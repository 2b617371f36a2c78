package io.meshd.api.http;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/1.1 (RFC 9112) over a unix socket, one connection per request. The JDK's own client speaks
 * no unix sockets and cannot give up its connection to a raw stream, which {@code exec} needs.
 */
public final class UnixHttp {
  private static final int MAX_HEADER_LINE = 64 * 1024;

  private final Path socket;
  private final String agent;

  /** {@code agent}: who asks, for the other side's logs. */
  public UnixHttp(Path socket, String agent) {
    this.socket = socket;
    this.agent = agent;
  }

  /** An answer whose body is still on the wire; the caller closes it. */
  public record Answer(int status, Map<String, String> headers, InputStream body, Wire wire)
      implements AutoCloseable {
    @Override
    public void close() throws IOException {
      wire.close();
    }
  }

  /** Sends one request; {@code upgrade} asks for the connection as a raw stream (101 or 200). */
  public Answer send(String method, String path, byte @Nullable [] body, boolean upgrade)
      throws IOException {
    return send(method, path, Map.of(), body, upgrade);
  }

  /** The same with headers beside those of the body and the connection. */
  public Answer send(
      String method,
      String path,
      Map<String, String> headers,
      byte @Nullable [] body,
      boolean upgrade)
      throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    Wire wire = new Wire(channel);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      wire.write(ByteBuffer.wrap(head(method, path, headers, body, upgrade)));
      if (body != null) {
        wire.write(ByteBuffer.wrap(body));
      }
      InputStream in = new BufferedInputStream(wire.input());
      return readAnswer(in, wire, upgrade);
    } catch (IOException | RuntimeException e) {
      wire.close();
      throw e;
    }
  }

  private byte[] head(
      String method,
      String path,
      Map<String, String> headers,
      byte @Nullable [] body,
      boolean upgrade) {
    StringBuilder head = new StringBuilder();
    head.append(method).append(' ').append(path).append(" HTTP/1.1\r\n");
    head.append("Host: localhost\r\nUser-Agent: ").append(agent).append("\r\n");
    headers.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
    if (upgrade) {
      head.append("Connection: Upgrade\r\nUpgrade: tcp\r\n");
    } else {
      head.append("Connection: close\r\n");
    }
    if (body != null) {
      head.append("Content-Type: application/json\r\n");
    }
    if (body != null || method.equals("POST")) {
      head.append("Content-Length: ").append(body == null ? 0 : body.length).append("\r\n");
    }
    return head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
  }

  private static Answer readAnswer(InputStream in, Wire wire, boolean upgrade) throws IOException {
    String statusLine = readLine(in);
    String[] words = statusLine.split(" ", 3);
    if (words.length < 2 || !words[0].startsWith("HTTP/1.") || !words[1].matches("\\d{3}")) {
      throw new IOException("malformed HTTP response");
    }
    int status = Integer.parseInt(words[1]);
    Map<String, String> headers = new HashMap<>();
    for (String line = readLine(in); !line.isEmpty(); line = readLine(in)) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        headers.put(
            line.substring(0, colon).trim().toLowerCase(Locale.ROOT),
            line.substring(colon + 1).trim());
      }
    }
    return new Answer(status, headers, body(in, status, headers, upgrade), wire);
  }

  private static InputStream body(
      InputStream in, int status, Map<String, String> headers, boolean upgrade) throws IOException {
    if (status == 204 || status == 304) {
      return InputStream.nullInputStream();
    }
    if (status == 101 || (upgrade && status == 200)) {
      return in;
    }
    if (headers
        .getOrDefault("transfer-encoding", "")
        .toLowerCase(Locale.ROOT)
        .contains("chunked")) {
      return new ChunkedInput(in);
    }
    String length = headers.get("content-length");
    if (length == null) {
      return in;
    }
    if (!length.matches("\\d{1,18}")) {
      throw new IOException("malformed HTTP response: Content-Length " + length);
    }
    return new BoundedInput(in, Long.parseLong(length));
  }

  /** One line without its CRLF. */
  static String readLine(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(80);
    while (true) {
      int c = in.read();
      if (c < 0) {
        throw new EOFException("the daemon closed the connection");
      }
      if (c == '\n') {
        return line.toString(StandardCharsets.UTF_8);
      }
      if (c != '\r') {
        line.write(c);
      }
      if (line.size() > MAX_HEADER_LINE) {
        throw new IOException("malformed HTTP response: line too long");
      }
    }
  }
}
