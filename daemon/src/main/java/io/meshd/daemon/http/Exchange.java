package io.meshd.daemon.http;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One request and its answer, on the virtual thread that handles it. Exactly one of {@link
 * #respond}, {@link #respondRaw}, {@link #stream}, {@link #upgrade} and {@link #takeOver} is
 * called.
 */
public interface Exchange {

  String method();

  /** As sent (not decoded), without query and without the {@code /vX.Y} prefix. */
  String path();

  /** The raw query, or empty. */
  String rawQuery();

  /** The request's {@code /vX.Y}, for example 1.47, or null when it had none. */
  @Nullable String apiVersion();

  /** A {@code {name}} of the route's pattern, decoded. */
  String param(String name);

  /** The first value of a query parameter, or null. */
  @Nullable String query(String name);

  /** True for 1, true, yes (Docker's boolean values). */
  boolean flag(String name);

  @Nullable String header(String name);

  /** All headers as they came, in order. */
  List<Map.Entry<String, String>> headers();

  /** Whether the body is still to come ({@link Routes#addRest}), by {@link #takeOver}. */
  boolean unread();

  /** Empty while it is unread. */
  byte[] body();

  /**
   * The body as JSON.
   *
   * @throws ApiException 400 with the place and the reason when it is not that
   */
  <T> T json(Class<T> type);

  Peer peer();

  /** A header of the answer, in place of the server's own of that name; before answering. */
  void setHeader(String name, String value);

  /**
   * Run once, on any thread, when the peer has gone before the answer ended; at once when it has
   * already. For handlers that wait for something else than the peer.
   */
  void onGone(Runnable action);

  /** Answers with a JSON body, or with none when {@code json} is null. */
  void respond(int status, @Nullable Object json);

  /** Answers with raw bytes. */
  void respondRaw(int status, String contentType, byte[] body);

  /**
   * Starts a chunked answer. Writes block while the peer does not read; every write is sent at
   * once; a write after the peer has gone throws IOException; close ends the answer.
   */
  OutputStream stream(int status, String contentType);

  /** Answers 101 and takes the connection over (Docker's hijack); both streams block. */
  Upgraded upgrade(String contentType);

  /**
   * Takes the connection over without an answer: what is written is the answer, head and all. What
   * comes in is what follows the head, or, where the body has been read, what follows that.
   */
  Taken takeOver();

  /**
   * A connection as two independent directions, both blocking. {@code in} ends when the peer ends
   * its side, {@code endOutput} ends ours; closing {@code out} closes the connection.
   */
  record Taken(InputStream in, OutputStream out, Runnable endOutput) {}

  /** An upgraded connection. {@code in} ends when the peer closes its side. */
  record Upgraded(InputStream in, OutputStream out) {}
}
