package io.meshd.daemon.http;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.Locale;

/**
 * A whole request as it came off the wire.
 *
 * @param target path and query, not decoded
 * @param body empty also where it is not read yet ({@link RequestReader.Unread})
 * @param keepAlive the peer can take another answer on this connection
 * @param chunks the peer understands chunked answers (HTTP/1.1)
 */
// The body is private to the exchange, which hands out copies.
@SuppressWarnings("ArrayRecordComponent")
record RawRequest(
    String method,
    String target,
    HttpHeaders headers,
    byte[] body,
    boolean keepAlive,
    boolean chunks) {

  /** Asks for a connection of its own: Docker's hijack with an Upgrade header. */
  boolean wantsUpgrade() {
    return headers.containsValue("Connection", "upgrade", true)
        && "tcp".equals(String.valueOf(headers.get("Upgrade")).toLowerCase(Locale.ROOT));
  }
}
