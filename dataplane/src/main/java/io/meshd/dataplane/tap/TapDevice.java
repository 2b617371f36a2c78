package io.meshd.dataplane.tap;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.meshd.dataplane.sys.Errno;
import io.meshd.dataplane.sys.Libc;
import io.meshd.dataplane.sys.Netns;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A persistent TAP with virtio headers, checksum and segmentation of TCP and, since Linux 6.2, of
 * UDP (tun(4)). Its descriptor does not block.
 *
 * <p>Closing leaves the device in its namespace, without carrier; a later {@link #open} takes it
 * again with its addresses and routes as they were.
 */
public final class TapDevice implements AutoCloseable {
  private static final int IFNAMSIZ = 16;
  private static final int IFREQ_SIZE = 40;
  private static final int IFF_TAP = 0x0002;
  private static final int IFF_NO_PI = 0x1000;
  private static final int IFF_VNET_HDR = 0x4000;
  private static final long TUNSETIFF = 0x400454caL;
  private static final long TUNSETPERSIST = 0x400454cbL;
  private static final long TUNSETOFFLOAD = 0x400454d0L;
  private static final long TUNGETIFF = 0x800454d2L;
  private static final long TUNSETVNETHDRSZ = 0x400454d8L;
  private static final long TUN_F_CSUM = 0x01;
  private static final long TUN_F_TSO4 = 0x02;
  private static final long TUN_F_TSO6 = 0x04;
  private static final long TUN_F_USO4 = 0x20;
  private static final long TUN_F_USO6 = 0x40;
  private static final long OFFLOADS = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;

  /** Only both at once mean something. */
  private static final long DATAGRAM_OFFLOADS = TUN_F_USO4 | TUN_F_USO6;

  private final String name;
  private final int fd;
  private final boolean cutsDatagrams;

  private TapDevice(String name, int fd, boolean cutsDatagrams) {
    this.name = name;
    this.fd = fd;
    this.cutsDatagrams = cutsDatagrams;
  }

  /**
   * Makes the device in the namespace, or takes the one that is there.
   *
   * @throws IOException in words: /dev/net/tun missing, namespace gone, device in use
   */
  public static TapDevice open(Path netns, String name) throws IOException {
    byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
    if (bytes.length == 0 || bytes.length >= IFNAMSIZ) {
      throw new IOException("a device name has 1 to 15 bytes: " + name);
    }
    try {
      return Netns.call(netns, () -> openHere(name, "device " + name + " in " + netns));
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException("cannot open device " + name + " in " + netns, e);
    }
  }

  private static TapDevice openHere(String name, String what) throws IOException {
    int fd =
        Errno.check(
            Libc.open("/dev/net/tun", Libc.O_RDWR | Libc.O_NONBLOCK | Libc.O_CLOEXEC),
            "cannot open /dev/net/tun");
    try {
      boolean cutsDatagrams = setUp(fd, name, what);
      return new TapDevice(name, fd, cutsDatagrams);
    } catch (IOException e) {
      Libc.close(fd);
      throw e;
    }
  }

  /**
   * @return whether the kernel knows joined datagrams
   */
  private static boolean setUp(int fd, String name, String what) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(IFREQ_SIZE, 8);
      request.setString(0, name, StandardCharsets.US_ASCII);
      request.set(JAVA_SHORT, IFNAMSIZ, (short) (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR));
      int result = Libc.ioctl(fd, TUNSETIFF, request);
      if (result == -Errno.EBUSY) {
        throw new IOException(what + " is in use by another process");
      }
      if (result == -Errno.EINVAL) {
        throw new IOException(what + " is there already and is no TAP of ours");
      }
      Errno.check(result, "cannot attach " + what);
      MemorySegment size = arena.allocateFrom(JAVA_INT, VirtioNetHeader.LENGTH);
      Errno.check(Libc.ioctl(fd, TUNSETVNETHDRSZ, size), "cannot set headers of " + what);
    }
    boolean cutsDatagrams = Libc.ioctl(fd, TUNSETOFFLOAD, OFFLOADS | DATAGRAM_OFFLOADS) >= 0;
    if (!cutsDatagrams) {
      Errno.check(Libc.ioctl(fd, TUNSETOFFLOAD, OFFLOADS), "cannot set offloads of " + what);
    }
    Errno.check(Libc.ioctl(fd, TUNSETPERSIST, 1L), "cannot keep " + what);
    return cutsDatagrams;
  }

  public String name() {
    return name;
  }

  /** Whether it takes a frame of joined datagrams, which its kernel cuts for whom that concerns. */
  public boolean cutsDatagrams() {
    return cutsDatagrams;
  }

  /** For epoll; owned by this. */
  public int fd() {
    return fd;
  }

  /** False when the device has been deleted, with its namespace for example. */
  public boolean isThere() {
    try (Arena arena = Arena.ofConfined()) {
      return Libc.ioctl(fd, TUNGETIFF, arena.allocate(IFREQ_SIZE, 8)) >= 0;
    }
  }

  /**
   * Reads one frame with its {@link VirtioNetHeader} before it.
   *
   * @return bytes, or {@code -errno}: EAGAIN when there is none, EBADFD when the device is gone
   */
  public long read(long address, int length) {
    return Libc.read(fd, address, length);
  }

  /**
   * Writes one frame with its header before it.
   *
   * @return bytes, or {@code -errno}: EIO when the device is down, EBADFD when it is gone
   */
  public long write(long address, int length) {
    return Libc.write(fd, address, length);
  }

  /** As {@link #write}, gathered. */
  public long writev(long iovecs, int count) {
    return Libc.writev(fd, iovecs, count);
  }

  /** Makes the device go away when it is closed. */
  public void deleteOnClose() {
    Libc.ioctl(fd, TUNSETPERSIST, 0L);
  }

  @Override
  public void close() {
    Libc.close(fd);
  }
}
