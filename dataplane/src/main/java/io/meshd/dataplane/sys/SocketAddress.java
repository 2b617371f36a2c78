package io.meshd.dataplane.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteOrder;

/**
 * A struct sockaddr_in or sockaddr_in6 (ip(7), ipv6(7)) in memory of its own, and behind it its
 * length, for calls that give an address back. An IPv4 address that an IPv6 socket shows as
 * ::ffff:a.b.c.d (RFC 4291, 2.5.5.2) counts as IPv4 here.
 */
public final class SocketAddress {
  private static final int SIZE_4 = 16;
  private static final int SIZE_6 = 28;
  private static final int PORT_OFFSET = 2;
  private static final int ADDRESS_4_OFFSET = 4;
  private static final int ADDRESS_6_OFFSET = 8;
  private static final int LENGTH_OFFSET = 32;
  private static final ValueLayout.OfShort PORT = JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BITS = JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong LONG_BITS =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.BIG_ENDIAN);

  private final MemorySegment memory = Arena.ofAuto().allocate(LENGTH_OFFSET + 4, 8);

  /** Room for an address that a call gives. */
  public SocketAddress() {
    prepare();
  }

  public SocketAddress(InetAddress ip, int port) {
    byte[] bytes = ip.getAddress();
    boolean v6 = ip instanceof Inet6Address;
    memory.set(JAVA_SHORT, 0, (short) (v6 ? Libc.AF_INET6 : Libc.AF_INET));
    memory.set(PORT, PORT_OFFSET, (short) port);
    MemorySegment.copy(
        bytes,
        0,
        memory,
        ValueLayout.JAVA_BYTE,
        v6 ? ADDRESS_6_OFFSET : ADDRESS_4_OFFSET,
        bytes.length);
    memory.set(JAVA_INT, LENGTH_OFFSET, v6 ? SIZE_6 : SIZE_4);
  }

  /** Makes it ready to be written by a call; the call before has shortened it. */
  public void prepare() {
    memory.set(JAVA_INT, LENGTH_OFFSET, SIZE_6);
  }

  public long address() {
    return memory.address();
  }

  public long lengthAddress() {
    return memory.address() + LENGTH_OFFSET;
  }

  public int length() {
    return memory.get(JAVA_INT, LENGTH_OFFSET);
  }

  /** AF_INET or AF_INET6, as the socket sees it. */
  public int family() {
    return memory.get(JAVA_SHORT, 0);
  }

  public boolean isIpv4() {
    return family() == Libc.AF_INET
        || (high() == 0 && memory.get(BITS, ADDRESS_6_OFFSET + 8) == 0xffff);
  }

  /** Of an IPv4 address; first byte highest. */
  public int ipv4() {
    return memory.get(BITS, family() == Libc.AF_INET ? ADDRESS_4_OFFSET : ADDRESS_6_OFFSET + 12);
  }

  /** The first half of an IPv6 address; first byte highest. */
  public long high() {
    return memory.get(LONG_BITS, ADDRESS_6_OFFSET);
  }

  /** The second half of an IPv6 address. */
  public long low() {
    return memory.get(LONG_BITS, ADDRESS_6_OFFSET + 8);
  }

  public int port() {
    return memory.get(PORT, PORT_OFFSET) & 0xffff;
  }
}
