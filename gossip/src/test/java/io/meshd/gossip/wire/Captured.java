package io.meshd.gossip.wire;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/**
 * A frame that a stock serf 0.9.4 agent sent. Kinds: udp-in and tcp-in as they came, with "-plain"
 * what was inside when they were encrypted, with "-inflated" when they were compressed.
 */
record Captured(String kind, Bytes content) {
  static final KeyRing KEYS =
      KeyRing.of(List.of(Bytes.of("0123456789abcdef".getBytes(StandardCharsets.US_ASCII))));

  static List<Captured> plain() {
    return read("plain.hex");
  }

  /** By {@link #KEYS}; each encrypted frame is followed by its inside. */
  static List<Captured> encrypted() {
    return read("encrypted.hex");
  }

  private static List<Captured> read(String resource) {
    try (InputStream in =
        Objects.requireNonNull(Captured.class.getResourceAsStream(resource), resource)) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .map(line -> line.split(" ", 2))
          .map(part -> new Captured(part[0], Bytes.of(HexFormat.of().parseHex(part[1].strip()))))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  byte[] bytes() {
    return content.toArray();
  }
}
