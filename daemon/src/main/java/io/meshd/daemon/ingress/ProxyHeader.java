package io.meshd.daemon.ingress;

import io.meshd.dataplane.sys.SocketAddress;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Writes what tells a backend who its client is: the PROXY protocol's version 2 (haproxy,
 * doc/proxy-protocol.txt, section 2.2).
 *
 * <pre>
 *  0                   12     13       14       16
 *  | signature (12)    | 0x21 | family | length | source, destination, ports
 * </pre>
 */
final class ProxyHeader {
  private static final byte[] SIGNATURE = {
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a
  };
  private static final int VERSION_OFFSET = 12;
  private static final int FAMILY_OFFSET = 13;
  private static final int LENGTH_OFFSET = 14;
  private static final int ADDRESSES_OFFSET = 16;

  /** Version 2, command PROXY. */
  private static final byte VERSION = 0x21;

  private static final byte TCP_4 = 0x11;
  private static final byte TCP_6 = 0x21;
  private static final int ADDRESSES_4 = 12;
  private static final int ADDRESSES_6 = 36;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private ProxyHeader() {}

  /**
   * @param asked the address and port that the client connected to
   * @return how long it is: 28 or 52 bytes
   */
  static int write(MemorySegment to, Client client, SocketAddress asked) {
    boolean v4 = client.ipv4();
    int length = v4 ? ADDRESSES_4 : ADDRESSES_6;
    MemorySegment.copy(SIGNATURE, 0, to, ValueLayout.JAVA_BYTE, 0, SIGNATURE.length);
    to.set(ValueLayout.JAVA_BYTE, VERSION_OFFSET, VERSION);
    to.set(ValueLayout.JAVA_BYTE, FAMILY_OFFSET, v4 ? TCP_4 : TCP_6);
    to.set(SHORT, LENGTH_OFFSET, (short) length);
    if (v4) {
      to.set(INT, ADDRESSES_OFFSET, (int) client.low());
      to.set(INT, ADDRESSES_OFFSET + 4, asked.ipv4());
    } else {
      to.set(LONG, ADDRESSES_OFFSET, client.high());
      to.set(LONG, ADDRESSES_OFFSET + 8, client.low());
      to.set(LONG, ADDRESSES_OFFSET + 16, asked.high());
      to.set(LONG, ADDRESSES_OFFSET + 24, asked.low());
    }
    to.set(SHORT, ADDRESSES_OFFSET + length - 4, (short) client.port());
    to.set(SHORT, ADDRESSES_OFFSET + length - 2, (short) asked.port());
    return ADDRESSES_OFFSET + length;
  }
}
