package io.meshd.dataplane.sys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Sends datagrams to a unix socket (unix(7)), which the JDK cannot. A socket and an address per
 * datagram: who receives may have begun anew since the last one.
 */
public final class UnixDatagram {
  /** Of struct sockaddr_un: the family, then up to 108 bytes of name. */
  private static final int NAME_OFFSET = 2;

  private static final int NAME_SIZE = 108;

  private UnixDatagram() {}

  /**
   * Sends one; never waits for a receiver that is full.
   *
   * @param address an absolute path, or {@code @} and an abstract name
   * @throws IOException in words, with the address
   */
  public static void send(String address, byte[] datagram) throws IOException {
    byte[] name = address.getBytes(StandardCharsets.UTF_8);
    // A path ends with a zero byte; an abstract name begins with one and ends where its length
    // says.
    boolean unnamed = address.startsWith("@");
    if (name.length < 2 || name.length >= NAME_SIZE || !(unnamed || address.startsWith("/"))) {
      throw new IOException("not the address of a unix socket: " + address);
    }
    int fd =
        Errno.check(
            Libc.socket(Libc.AF_UNIX, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK, 0),
            "no unix socket");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment to = arena.allocate(NAME_OFFSET + NAME_SIZE, 8);
      to.set(JAVA_SHORT, 0, (short) Libc.AF_UNIX);
      MemorySegment.copy(name, 0, to, JAVA_BYTE, NAME_OFFSET, name.length);
      if (unnamed) {
        to.set(JAVA_BYTE, NAME_OFFSET, (byte) 0);
      }
      int length = NAME_OFFSET + name.length + (unnamed ? 0 : 1);
      Errno.check(Libc.connect(fd, to.address(), length), "nobody is at " + address);
      MemorySegment bytes = arena.allocateFrom(JAVA_BYTE, datagram);
      long sent = Libc.send(fd, bytes.address(), datagram.length, Libc.MSG_NOSIGNAL);
      Errno.check((int) sent, "nothing can be sent to " + address);
    } finally {
      Libc.close(fd);
    }
  }
}
