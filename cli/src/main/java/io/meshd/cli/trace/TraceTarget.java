package io.meshd.cli.trace;

import io.meshd.cli.grammar.UsageFailure;

/**
 * Where a traced packet is to go.
 *
 * @param host a name or an address
 * @param port 0 for a ping
 * @param protocol tcp or udp
 */
record TraceTarget(String host, int port, String protocol) {
  private static final int LAST_PORT = 65_535;

  /**
   * @param text {@code DST}, {@code DST:PORT} or {@code DST:PORT/udp}
   */
  static TraceTarget parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 0) {
      return new TraceTarget(text, 0, "tcp");
    }
    String end = text.substring(colon + 1);
    int slash = end.indexOf('/');
    String number = slash < 0 ? end : end.substring(0, slash);
    String protocol = slash < 0 ? "tcp" : end.substring(slash + 1);
    int port = number.matches("[0-9]{1,5}") ? Integer.parseInt(number) : 0;
    if (colon == 0
        || port < 1
        || port > LAST_PORT
        || !(protocol.equals("tcp") || protocol.equals("udp"))) {
      throw UsageFailure.plain(
          "invalid destination \"%s\": expected NAME, NAME:PORT or NAME:PORT/udp".formatted(text));
    }
    return new TraceTarget(text.substring(0, colon), port, protocol);
  }
}
