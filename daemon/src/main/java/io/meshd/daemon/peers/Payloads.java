package io.meshd.daemon.peers;

import io.meshd.daemon.peers.Presence.Answers;
import io.meshd.gossip.wire.Bytes;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Presences as records of a network's topic, big-endian:
 *
 * <pre>
 * key "endpoint/ID":  version 1 | IPv4 address, 4 bytes | MAC, 6 bytes
 * key "backend/ID":   version 1 | answers: 1 new flows, 2 old flows | since, 8 bytes of milliseconds
 * </pre>
 *
 * An endpoint without a backend record answers nothing. What follows these bytes is a newer
 * version's, and is ignored; another version is not read.
 */
final class Payloads {
  static final String ENDPOINT = "endpoint/";
  static final String BACKEND = "backend/";

  private static final byte VERSION = 1;
  private static final byte TAKES_NEW = 1;
  private static final byte KEEPS_OLD = 2;
  private static final int ADDRESS = 4;
  private static final int MAC = 6;
  private static final int ENDPOINT_BYTES = 1 + ADDRESS + MAC;
  private static final int BACKEND_BYTES = 1 + 1 + Long.BYTES;
  private static final HexFormat MAC_TEXT = HexFormat.ofDelimiter(":");

  /** What an endpoint has as a backend. */
  record Backend(Answers answers, long since) {
    static final Backend NONE = new Backend(Answers.NOTHING, 0);
  }

  /** Where an endpoint is. */
  record Place(String address, String mac) {}

  private Payloads() {}

  static Bytes endpoint(Presence presence) {
    byte[] bytes = new byte[ENDPOINT_BYTES];
    ByteBuffer.wrap(bytes)
        .put(VERSION)
        .put(InetAddress.ofLiteral(presence.address()).getAddress(), 0, ADDRESS)
        .put(MAC_TEXT.parseHex(presence.mac()), 0, MAC);
    return Bytes.owning(bytes);
  }

  /** Null where the endpoint answers nothing: then there is no record. */
  static @Nullable Bytes backend(Presence presence) {
    byte code =
        switch (presence.answers()) {
          case NOTHING -> 0;
          case NEW_FLOWS -> TAKES_NEW;
          case OLD_FLOWS -> KEEPS_OLD;
        };
    if (code == 0) {
      return null;
    }
    byte[] bytes = new byte[BACKEND_BYTES];
    ByteBuffer.wrap(bytes).put(VERSION).put(code).putLong(presence.since());
    return Bytes.owning(bytes);
  }

  /** Null for what cannot be read. */
  static @Nullable Place place(Bytes value) {
    ByteBuffer in = ByteBuffer.wrap(value.toArray());
    if (in.remaining() < ENDPOINT_BYTES || in.get() != VERSION) {
      return null;
    }
    byte[] address = new byte[ADDRESS];
    byte[] mac = new byte[MAC];
    in.get(address).get(mac);
    return new Place(dotted(address), MAC_TEXT.formatHex(mac));
  }

  private static String dotted(byte[] address) {
    try {
      return Inet4Address.getByAddress(address).getHostAddress();
    } catch (java.net.UnknownHostException e) {
      throw new IllegalStateException(e); // four bytes are an address
    }
  }

  /** Null for what cannot be read. */
  static @Nullable Backend backend(Bytes value) {
    ByteBuffer in = ByteBuffer.wrap(value.toArray());
    if (in.remaining() < BACKEND_BYTES || in.get() != VERSION) {
      return null;
    }
    byte code = in.get();
    long since = in.getLong();
    return switch (code) {
      case TAKES_NEW -> new Backend(Answers.NEW_FLOWS, since);
      case KEEPS_OLD -> new Backend(Answers.OLD_FLOWS, since);
      default -> null;
    };
  }
}
