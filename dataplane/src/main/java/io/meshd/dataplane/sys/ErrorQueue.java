package io.meshd.dataplane.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The errors of a socket with IP_RECVERR (ip(7)): what ICMP, or this node's own interface, said of
 * a datagram that was sent. What is read is valid until the next {@link #next}. Not thread-safe.
 */
public final class ErrorQueue {
  private static final int MSG_ERRQUEUE = 0x2000;
  private static final int IPPROTO_IP = 0;
  private static final int IP_RECVERR = 11;

  private static final int NAME = 64;
  private static final int IOVEC = 80;
  private static final int CONTROL = 96;
  private static final int CONTROL_SIZE = 128;
  private static final int DATA = 224;
  private static final int DATA_SIZE = 32;

  // struct msghdr, and of the control message struct cmsghdr and struct sock_extended_err
  private static final int NAME_LENGTH_OFFSET = 8;
  private static final int IOVECS_OFFSET = 16;
  private static final int IOVEC_COUNT_OFFSET = 24;
  private static final int CONTROL_OFFSET = 32;
  private static final int CONTROL_LENGTH_OFFSET = 40;
  private static final int LEVEL = CONTROL + 8;
  private static final int TYPE = CONTROL + 12;
  private static final int ERRNO = CONTROL + 16;
  private static final int INFO = CONTROL + 24;

  private final int fd;
  private final MemorySegment m = Arena.ofAuto().allocate(DATA + DATA_SIZE, 8);

  /**
   * @param fd a UDP socket of IPv4 whose errors are kept ({@link UdpSocket#probing})
   */
  public ErrorQueue(int fd) {
    this.fd = fd;
    m.set(JAVA_LONG, 0, m.address() + NAME);
    m.set(JAVA_LONG, IOVEC, m.address() + DATA);
    m.set(JAVA_LONG, IOVEC + 8, DATA_SIZE);
    m.set(JAVA_LONG, IOVECS_OFFSET, m.address() + IOVEC);
    m.set(JAVA_LONG, IOVEC_COUNT_OFFSET, 1);
    m.set(JAVA_LONG, CONTROL_OFFSET, m.address() + CONTROL);
  }

  /** Takes one error; false when there is none. */
  public boolean next() {
    m.set(JAVA_INT, NAME_LENGTH_OFFSET, Messages.SocketAddress4.SIZE);
    m.set(JAVA_LONG, CONTROL_LENGTH_OFFSET, CONTROL_SIZE);
    m.set(JAVA_INT, LEVEL, -1);
    return Libc.recvmmsg(fd, m.address(), 1, MSG_ERRQUEUE) > 0;
  }

  /** Whether it says that a datagram was larger than an MTU. */
  public boolean isTooBig() {
    return m.get(JAVA_INT, LEVEL) == IPPROTO_IP
        && m.get(JAVA_INT, TYPE) == IP_RECVERR
        && m.get(JAVA_INT, ERRNO) == Errno.EMSGSIZE;
  }

  /** That MTU, of the whole packet; 0 when it was not said. */
  public int mtu() {
    return m.get(JAVA_INT, INFO);
  }

  /** Where the datagram was going; first byte highest. */
  public int destination() {
    return Messages.SocketAddress4.address(m, NAME);
  }
}
