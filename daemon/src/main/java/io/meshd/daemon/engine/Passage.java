package io.meshd.daemon.engine;

import io.meshd.daemon.http.Exchange;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * One exchange with the Engine, byte by byte. The Engine is asked to close after its answer, so
 * that nothing here has to know where that ends; an upgraded connection (attach, exec, build
 * sessions) is not told apart. The end of one direction is passed on and the other goes on:
 *
 * <pre>
 *   open -> client has ended -> Engine has ended -> closed
 *        -> Engine has ended -> client has ended, or has had its time -> closed
 *        -> client has gone  -> closed
 * </pre>
 */
final class Passage {
  /** Of this connection, not of the request; those of an upgrade are passed on. */
  private static final Set<String> OWN = Set.of("connection", "keep-alive", "proxy-connection");

  private static final Set<String> OF_THE_BODY =
      Set.of("content-length", "transfer-encoding", "expect");

  /** For a client to close after the answer's end: those that keep connections see no end. */
  private static final Duration LINGER = Duration.ofSeconds(5);

  private static final int CHUNK = 64 << 10;

  private final Exchange exchange;
  private final EngineSocket engine;

  Passage(Exchange exchange, EngineSocket engine) {
    this.exchange = exchange;
    this.engine = engine;
  }

  /**
   * @param target path with version, and query
   * @param body what has been read of the request's body: all or nothing
   */
  void run(String target, byte[] body) throws IOException, InterruptedException {
    OutputStream toEngine = engine.out();
    toEngine.write(head(target, body).getBytes(StandardCharsets.ISO_8859_1));
    toEngine.write(body);
    Exchange.Taken client = exchange.takeOver();
    exchange.onGone(engine::close);
    Thread out = Thread.ofVirtual().name("to-engine", 0).start(() -> toEngine(client.in()));
    try {
      copy(engine.in(), client.out());
      client.endOutput().run();
      out.join(LINGER);
    } catch (IOException _) {
      // one of the two has gone, and the other one learns it from the end of its connection
    } finally {
      client.out().close();
      engine.close();
      out.join();
    }
  }

  private void toEngine(InputStream client) {
    try {
      copy(client, engine.out());
      engine.endOutput();
    } catch (IOException _) {
      drain(client);
    }
  }

  /** The Engine reads no more; the client is to come to the end of what it says, and to read. */
  private static void drain(InputStream client) {
    try {
      copy(client, OutputStream.nullOutputStream());
    } catch (IOException _) {
      // gone
    }
  }

  private static void copy(InputStream from, OutputStream to) throws IOException {
    byte[] chunk = new byte[CHUNK];
    for (int count = from.read(chunk); count >= 0; count = from.read(chunk)) {
      to.write(chunk, 0, count);
    }
  }

  private String head(String target, byte[] body) {
    StringBuilder head = new StringBuilder();
    head.append(exchange.method()).append(' ').append(target).append(" HTTP/1.1\r\n");
    boolean upgrade = false;
    for (Map.Entry<String, String> header : exchange.headers()) {
      String name = header.getKey().toLowerCase(Locale.ROOT);
      upgrade |= name.equals("upgrade");
      if (!OWN.contains(name) && (exchange.unread() || !OF_THE_BODY.contains(name))) {
        head.append(header.getKey()).append(": ").append(header.getValue()).append("\r\n");
      }
    }
    if (!exchange.unread()) {
      // It is sent in one piece.
      head.append("Content-Length: ").append(body.length).append("\r\n");
    }
    head.append("Connection: ").append(upgrade ? "Upgrade" : "close").append("\r\n\r\n");
    return head.toString();
  }
}
