package io.meshd.dataplane.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Datagrams that are received and sent on as they are, many in one call. Owned by one thread; what
 * was received is valid until the next receive. Two arrays of struct mmsghdr share the data: one to
 * receive, with room for sender and IPV6_PKTINFO (RFC 3542 section 6.1), and one to send.
 */
public final class DatagramBatch {
  public static final int CAPACITY = 16;

  private static final int LARGEST = 65_536;

  private static final int HEADER_SIZE = 64;
  private static final int NAME_LENGTH_OFFSET = 8;
  private static final int IOVECS_OFFSET = 16;
  private static final int IOVEC_COUNT_OFFSET = 24;
  private static final int CONTROL_OFFSET = 32;
  private static final int CONTROL_LENGTH_OFFSET = 40;
  private static final int RECEIVED_OFFSET = 56;

  /** struct sockaddr_in6: family, port, flow, address, scope. */
  private static final int NAME_SIZE = 28;

  private static final int NAME_STRIDE = 32;
  private static final int NAME_PORT_OFFSET = 2;
  private static final int NAME_FLOW_OFFSET = 4;
  private static final int NAME_ADDRESS_OFFSET = 8;
  private static final int NAME_SCOPE_OFFSET = 24;

  private static final int CONTROL_STRIDE = 64;
  private static final int CONTROL_LEVEL_OFFSET = 8;
  private static final int CONTROL_TYPE_OFFSET = 12;
  private static final int CONTROL_ADDRESS_OFFSET = 16;
  private static final int CONTROL_INTERFACE_OFFSET = 32;
  private static final long PACKET_INFO_LENGTH = 36;
  private static final long PACKET_INFO_SPACE = 40;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPV6_PKTINFO = 50;

  private static final ValueLayout.OfShort PORT = JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong HALF =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final MemorySegment data;
  private final MemorySegment names;
  private final MemorySegment controls;
  private final MemorySegment receiving;
  private final MemorySegment sending;
  private final MemorySegment destination;
  private final Iovecs room = new Iovecs(CAPACITY);
  private final Iovecs content = new Iovecs(CAPACITY);

  public DatagramBatch() {
    Arena arena = Arena.ofAuto();
    data = arena.allocate((long) LARGEST * CAPACITY, 64);
    names = arena.allocate((long) NAME_STRIDE * CAPACITY, 8);
    controls = arena.allocate((long) CONTROL_STRIDE * CAPACITY, 8);
    receiving = arena.allocate((long) HEADER_SIZE * CAPACITY, 8);
    sending = arena.allocate((long) HEADER_SIZE * CAPACITY, 8);
    destination = arena.allocate(NAME_STRIDE + CONTROL_STRIDE, 8);
    for (int i = 0; i < CAPACITY; i++) {
      long bytes = data.address() + (long) i * LARGEST;
      room.set(i, bytes, LARGEST);
      content.set(i, bytes, 0);
      long at = (long) i * HEADER_SIZE;
      receiving.set(JAVA_LONG, at, names.address() + (long) i * NAME_STRIDE);
      receiving.set(JAVA_LONG, at + IOVECS_OFFSET, room.address(i));
      receiving.set(JAVA_LONG, at + IOVEC_COUNT_OFFSET, 1L);
      receiving.set(JAVA_LONG, at + CONTROL_OFFSET, controls.address() + (long) i * CONTROL_STRIDE);
      sending.set(JAVA_LONG, at + IOVECS_OFFSET, content.address(i));
      sending.set(JAVA_LONG, at + IOVEC_COUNT_OFFSET, 1L);
    }
  }

  /**
   * @return datagrams received, or {@code -errno}: EAGAIN when there is none
   */
  public int receive(int fd) {
    for (int i = 0; i < CAPACITY; i++) {
      long at = (long) i * HEADER_SIZE;
      receiving.set(JAVA_INT, at + NAME_LENGTH_OFFSET, NAME_SIZE);
      receiving.set(JAVA_LONG, at + CONTROL_LENGTH_OFFSET, (long) CONTROL_STRIDE);
    }
    int count = Libc.recvmmsg(fd, receiving.address(), CAPACITY, 0);
    for (int i = 0; i < count; i++) {
      content.set(
          i, content.base(i), receiving.get(JAVA_INT, (long) i * HEADER_SIZE + RECEIVED_OFFSET));
    }
    return count;
  }

  /** Who sent a datagram that came in on a {@link DualUdpSocket}, and to which address. */
  public void peer(int index, DatagramPeer into) {
    long name = (long) index * NAME_STRIDE;
    into.remoteHigh = names.get(HALF, name + NAME_ADDRESS_OFFSET);
    into.remoteLow = names.get(HALF, name + NAME_ADDRESS_OFFSET + 8);
    into.remotePort = names.get(PORT, name + NAME_PORT_OFFSET) & 0xFFFF;
    into.scope = names.get(JAVA_INT, name + NAME_SCOPE_OFFSET);
    long control = (long) index * CONTROL_STRIDE;
    long length = receiving.get(JAVA_LONG, (long) index * HEADER_SIZE + CONTROL_LENGTH_OFFSET);
    boolean told =
        length >= PACKET_INFO_LENGTH
            && controls.get(JAVA_INT, control + CONTROL_LEVEL_OFFSET) == IPPROTO_IPV6
            && controls.get(JAVA_INT, control + CONTROL_TYPE_OFFSET) == IPV6_PKTINFO;
    into.localHigh = told ? controls.get(HALF, control + CONTROL_ADDRESS_OFFSET) : 0;
    into.localLow = told ? controls.get(HALF, control + CONTROL_ADDRESS_OFFSET + 8) : 0;
  }

  /**
   * Sends what was received over a connected socket.
   *
   * @param from first index
   * @param to behind the last
   * @return datagrams sent, or {@code -errno} when the first of them was not
   */
  public int send(int fd, int from, int to) {
    for (int i = from; i < to; i++) {
      long at = (long) i * HEADER_SIZE;
      sending.set(JAVA_LONG, at, 0L);
      sending.set(JAVA_INT, at + NAME_LENGTH_OFFSET, 0);
      sending.set(JAVA_LONG, at + CONTROL_LENGTH_OFFSET, 0L);
    }
    return Libc.sendmmsg(fd, sending.address() + (long) from * HEADER_SIZE, to - from, 0);
  }

  /** The same to a client of a {@link DualUdpSocket}, from the address that it asked. */
  public int send(int fd, int from, int to, DatagramPeer peer) {
    writeName(destination, 0, peer.remoteHigh, peer.remoteLow, peer.remotePort, peer.scope);
    boolean known = peer.localHigh != 0 || peer.localLow != 0;
    long control = NAME_STRIDE;
    destination.set(JAVA_LONG, control, PACKET_INFO_LENGTH);
    destination.set(JAVA_INT, control + CONTROL_LEVEL_OFFSET, IPPROTO_IPV6);
    destination.set(JAVA_INT, control + CONTROL_TYPE_OFFSET, IPV6_PKTINFO);
    destination.set(HALF, control + CONTROL_ADDRESS_OFFSET, peer.localHigh);
    destination.set(HALF, control + CONTROL_ADDRESS_OFFSET + 8, peer.localLow);
    // Routing chooses the interface, except where an address means something on one link only.
    destination.set(JAVA_INT, control + CONTROL_INTERFACE_OFFSET, peer.scope);
    for (int i = from; i < to; i++) {
      long at = (long) i * HEADER_SIZE;
      sending.set(JAVA_LONG, at, destination.address());
      sending.set(JAVA_INT, at + NAME_LENGTH_OFFSET, NAME_SIZE);
      sending.set(JAVA_LONG, at + CONTROL_OFFSET, destination.address() + control);
      sending.set(JAVA_LONG, at + CONTROL_LENGTH_OFFSET, known ? PACKET_INFO_SPACE : 0L);
    }
    return Libc.sendmmsg(fd, sending.address() + (long) from * HEADER_SIZE, to - from, 0);
  }

  static void writeName(MemorySegment names, long at, long high, long low, int port, int scope) {
    names.set(JAVA_SHORT, at, (short) Libc.AF_INET6);
    names.set(PORT, at + NAME_PORT_OFFSET, (short) port);
    names.set(JAVA_INT, at + NAME_FLOW_OFFSET, 0);
    names.set(HALF, at + NAME_ADDRESS_OFFSET, high);
    names.set(HALF, at + NAME_ADDRESS_OFFSET + 8, low);
    names.set(JAVA_INT, at + NAME_SCOPE_OFFSET, scope);
  }
}
