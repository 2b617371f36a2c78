package io.meshd.daemon.ingress;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.meshd.dataplane.sys.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Options of the proxy's sockets. Failing to set one costs speed, not correctness.
 *
 * <p>Keep-alive finds peers that vanished without a word: after 120 s of silence, 4 probes 15 s
 * apart. It never ends a connection whose peer is alive, however long that is idle.
 */
final class SocketTuning {
  private static final int KEEP_IDLE_SECONDS = 120;
  private static final int KEEP_INTERVAL_SECONDS = 15;
  private static final int KEEP_PROBES = 4;

  private static final int SOL_SOCKET = 1;
  private static final int SO_ERROR = 4;
  private static final int SO_KEEPALIVE = 9;
  private static final int SO_LINGER = 13;
  private static final int IPPROTO_TCP = 6;
  private static final int TCP_NODELAY = 1;
  private static final int TCP_KEEPIDLE = 4;
  private static final int TCP_KEEPINTVL = 5;
  private static final int TCP_KEEPCNT = 6;
  private static final int TCP_QUICKACK = 12;

  private static final MemorySegment ONE = Arena.global().allocateFrom(JAVA_INT, 1);

  /** struct linger: on, for 0 seconds. */
  private static final MemorySegment NO_LINGER = Arena.global().allocateFrom(JAVA_INT, 1, 0);

  private SocketTuning() {}

  /** What accepted sockets inherit, so that none of it costs a system call per connection. */
  static void listener(int fd) {
    noDelay(fd);
    keepAlive(fd);
  }

  static void keepAlive(int fd) {
    Libc.setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, ONE.address(), 4);
    Libc.setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_SECONDS);
    Libc.setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL_SECONDS);
    Libc.setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEP_PROBES);
  }

  static void noDelay(int fd) {
    Libc.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, ONE.address(), 4);
  }

  /**
   * Before connecting, when bytes are there to be sent at once: they carry the handshake's last
   * acknowledgement (tcp(7), TCP_QUICKACK), so that the backend accepts and reads in one.
   */
  static void speaksFirst(int fd) {
    Libc.setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, 0);
  }

  /** Closes with RST, so that the peer learns that this was no orderly end. */
  static void reset(int fd) {
    Libc.setsockopt(fd, SOL_SOCKET, SO_LINGER, NO_LINGER.address(), 8);
    Libc.close(fd);
  }

  /** The error that a socket has to tell, once; 0 for none. */
  static int error(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocateFrom(JAVA_INT, 0, 4);
      int result = Libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, value.address(), value.address() + 4);
      return result < 0 ? -result : value.get(JAVA_INT, 0);
    }
  }
}
