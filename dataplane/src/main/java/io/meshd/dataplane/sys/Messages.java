package io.meshd.dataplane.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * An array of struct mmsghdr, each with a struct sockaddr_in of its own and room for one control
 * message of UDP: the segment size ({@code UDP_SEGMENT} when sent, {@code UDP_GRO} when received,
 * udp(7)).
 */
public final class Messages {
  private static final int SIZE = 64;
  private static final int NAME_OFFSET = 0;
  private static final int NAME_LENGTH_OFFSET = 8;
  private static final int IOVECS_OFFSET = 16;
  private static final int IOVEC_COUNT_OFFSET = 24;
  private static final int CONTROL_OFFSET = 32;
  private static final int CONTROL_LENGTH_OFFSET = 40;
  private static final int RECEIVED_OFFSET = 56;

  private static final int CONTROL_SIZE = 32;
  private static final int CONTROL_LEVEL_OFFSET = 8;
  private static final int CONTROL_TYPE_OFFSET = 12;
  private static final int CONTROL_DATA_OFFSET = 16;
  private static final int SOL_UDP = 17;
  private static final int UDP_SEGMENT = 103;
  private static final int UDP_GRO = 104;

  private final MemorySegment headers;
  private final MemorySegment names;
  private final MemorySegment controls;

  public Messages(int capacity) {
    Arena arena = Arena.ofAuto();
    headers = arena.allocate((long) SIZE * capacity, 8);
    names = arena.allocate((long) SocketAddress4.SIZE * capacity, 8);
    controls = arena.allocate((long) CONTROL_SIZE * capacity, 8);
    for (int i = 0; i < capacity; i++) {
      headers.set(JAVA_LONG, at(i) + NAME_OFFSET, names.address() + (long) i * SocketAddress4.SIZE);
      headers.set(JAVA_INT, at(i) + NAME_LENGTH_OFFSET, SocketAddress4.SIZE);
      headers.set(JAVA_LONG, at(i) + CONTROL_OFFSET, controls.address() + (long) i * CONTROL_SIZE);
    }
  }

  /** Address of a header, and of those behind it. */
  public long address(int index) {
    return headers.address() + at(index);
  }

  public void data(int index, long iovecs, int count) {
    headers.set(JAVA_LONG, at(index) + IOVECS_OFFSET, iovecs);
    headers.set(JAVA_LONG, at(index) + IOVEC_COUNT_OFFSET, count);
  }

  public int iovecCount(int index) {
    return (int) headers.get(JAVA_LONG, at(index) + IOVEC_COUNT_OFFSET);
  }

  /** Where to send to. */
  public void destination(int index, int address, int port) {
    SocketAddress4.write(names, (long) index * SocketAddress4.SIZE, address, port);
  }

  /** To be cut into datagrams of this size by the kernel, or, with 0, one datagram as it is. */
  public void segmentSize(int index, int bytes) {
    if (bytes == 0) {
      headers.set(JAVA_LONG, at(index) + CONTROL_LENGTH_OFFSET, 0L);
      return;
    }
    long control = (long) index * CONTROL_SIZE;
    controls.set(JAVA_LONG, control, CONTROL_DATA_OFFSET + Short.BYTES);
    controls.set(JAVA_INT, control + CONTROL_LEVEL_OFFSET, SOL_UDP);
    controls.set(JAVA_INT, control + CONTROL_TYPE_OFFSET, UDP_SEGMENT);
    controls.set(JAVA_SHORT, control + CONTROL_DATA_OFFSET, (short) bytes);
    headers.set(JAVA_LONG, at(index) + CONTROL_LENGTH_OFFSET, 24L);
  }

  /** Makes a header ready to receive; the kernel has overwritten these when it was used. */
  public void prepareToReceive(int index) {
    headers.set(JAVA_INT, at(index) + NAME_LENGTH_OFFSET, SocketAddress4.SIZE);
    headers.set(JAVA_LONG, at(index) + CONTROL_LENGTH_OFFSET, CONTROL_SIZE);
  }

  /** Bytes received. */
  public int received(int index) {
    return headers.get(JAVA_INT, at(index) + RECEIVED_OFFSET);
  }

  /** Size of the datagrams that the kernel joined; all that was received if it joined none. */
  public int receivedSegmentSize(int index) {
    long control = (long) index * CONTROL_SIZE;
    if (headers.get(JAVA_LONG, at(index) + CONTROL_LENGTH_OFFSET) >= CONTROL_DATA_OFFSET + 4
        && controls.get(JAVA_INT, control + CONTROL_LEVEL_OFFSET) == SOL_UDP
        && controls.get(JAVA_INT, control + CONTROL_TYPE_OFFSET) == UDP_GRO) {
      int size = controls.get(JAVA_INT, control + CONTROL_DATA_OFFSET);
      if (size > 0) {
        return size;
      }
    }
    return received(index);
  }

  /** Address the message came from, first byte highest. */
  public int source(int index) {
    return SocketAddress4.address(names, (long) index * SocketAddress4.SIZE);
  }

  private static long at(int index) {
    return (long) index * SIZE;
  }

  /** struct sockaddr_in: family, port and address, the latter two in network order. */
  static final class SocketAddress4 {
    static final int SIZE = 16;
    private static final ValueLayout.OfShort PORT =
        ValueLayout.JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt ADDRESS =
        ValueLayout.JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN);

    private SocketAddress4() {}

    static void write(MemorySegment m, long at, int address, int port) {
      m.set(JAVA_SHORT, at, (short) Libc.AF_INET);
      m.set(PORT, at + 2, (short) port);
      m.set(ADDRESS, at + 4, address);
    }

    static int address(MemorySegment m, long at) {
      return m.get(ADDRESS, at + 4);
    }
  }
}
