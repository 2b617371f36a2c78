package io.meshd.dataplane.sys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The master side of a pseudo terminal (pts(4)). The command gets {@link #slave()} as its
 * descriptors 0, 1 and 2 and makes it its controlling terminal ({@code setsid --ctty}); what it
 * prints comes from {@link #input()}, what is written to {@link #output()} is its keyboard.
 *
 * <p>Reading ends (-1) when the last descriptor of the slave is closed, and at {@link #close}. Read
 * from a platform thread: a blocked read holds its carrier.
 */
public final class Pty implements AutoCloseable {
  private static final long TIOCSPTLCK = 0x40045431L;
  private static final long TIOCGPTN = 0x80045430L;
  private static final long TIOCSWINSZ = 0x5414L;
  private static final int CHUNK = 8192;

  private final int master;
  private final int wake;
  private final Path slave;

  /** Readers and writers hold it shared, so that no descriptor is closed under them. */
  private final ReadWriteLock inUse = new ReentrantReadWriteLock();

  private volatile boolean closed;

  private Pty(int master, int wake, Path slave) {
    this.master = master;
    this.wake = wake;
    this.slave = slave;
  }

  /**
   * @throws IOException in words, for example when /dev/pts is not mounted
   */
  public static Pty open() throws IOException {
    int master =
        Errno.check(
            Libc.open("/dev/ptmx", Libc.O_RDWR | Libc.O_NOCTTY | Libc.O_NONBLOCK | Libc.O_CLOEXEC),
            "cannot open /dev/ptmx");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment number = arena.allocate(JAVA_INT);
      Errno.check(Libc.ioctl(master, TIOCSPTLCK, number), "cannot unlock the pseudo terminal");
      Errno.check(Libc.ioctl(master, TIOCGPTN, number), "cannot name the pseudo terminal");
      int wake = Errno.check(Libc.eventfd(0, Libc.EFD_CLOEXEC), "cannot make an eventfd");
      return new Pty(master, wake, Path.of("/dev/pts/" + number.get(JAVA_INT, 0)));
    } catch (IOException e) {
      Libc.close(master);
      throw e;
    }
  }

  /** Path of the terminal for the command, for example /dev/pts/3. */
  public Path slave() {
    return slave;
  }

  /** Tells the terminal its size; its foreground processes get SIGWINCH. */
  public void resize(int rows, int columns) throws IOException {
    inUse.readLock().lock();
    try (Arena arena = Arena.ofConfined()) {
      if (closed) {
        throw new IOException("the terminal is closed");
      }
      MemorySegment size = arena.allocate(8, 2);
      size.set(JAVA_SHORT, 0, (short) rows);
      size.set(JAVA_SHORT, 2, (short) columns);
      Errno.check(Libc.ioctl(master, TIOCSWINSZ, size), "cannot resize the terminal");
    } finally {
      inUse.readLock().unlock();
    }
  }

  /** What the command prints. Closing the stream does nothing; close the Pty. */
  public InputStream input() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        return length == 0 ? 0 : Pty.this.read(target, offset, length);
      }
    };
  }

  /** The command's keyboard. Closing the stream does nothing; close the Pty. */
  public OutputStream output() {
    return new OutputStream() {
      @Override
      public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
      }

      @Override
      public void write(byte[] source, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, source.length);
        Pty.this.write(source, offset, length);
      }
    };
  }

  /** Wakes a blocked reader, then closes the master: the command gets SIGHUP. Idempotent. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocate(8, 8);
      one.set(JAVA_BYTE, 0, (byte) 1);
      Libc.write(wake, one.address(), 8);
    }
    inUse.writeLock().lock();
    try {
      Libc.close(master);
      Libc.close(wake);
    } finally {
      inUse.writeLock().unlock();
    }
  }

  private int read(byte[] target, int offset, int length) throws IOException {
    inUse.readLock().lock();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(Math.min(length, CHUNK));
      long count;
      do {
        if (!await(Libc.POLLIN, arena)) {
          return -1;
        }
        count = Libc.read(master, buffer.address(), buffer.byteSize());
      } while (count == -Errno.EAGAIN);
      if (count == 0 || count == -Errno.EIO) {
        return -1; // pts(4): EIO is the end, the slave has been closed
      }
      if (count < 0) {
        throw Errno.failure(count, "cannot read from the terminal");
      }
      MemorySegment.copy(buffer, JAVA_BYTE, 0, target, offset, (int) count);
      return (int) count;
    } finally {
      inUse.readLock().unlock();
    }
  }

  /** Waits until the terminal can be read or written; false when the Pty was closed meanwhile. */
  private boolean await(int events, Arena arena) throws IOException {
    MemorySegment descriptors = arena.allocate(16, 4);
    descriptors.set(JAVA_INT, 0, master);
    descriptors.set(JAVA_SHORT, 4, (short) events);
    descriptors.set(JAVA_INT, 8, wake);
    descriptors.set(JAVA_SHORT, 12, (short) Libc.POLLIN);
    int ready;
    do {
      if (closed) {
        return false;
      }
      ready = Libc.poll(descriptors, 2, -1);
    } while (ready == -Errno.EINTR);
    Errno.check(ready, "cannot wait for the terminal");
    return !closed;
  }

  private void write(byte[] source, int offset, int length) throws IOException {
    inUse.readLock().lock();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(Math.max(1, Math.min(length, CHUNK)));
      int done = 0;
      while (done < length) {
        if (!await(Libc.POLLOUT, arena)) {
          throw new IOException("the terminal is closed");
        }
        int part = (int) Math.min(buffer.byteSize(), length - done);
        MemorySegment.copy(source, offset + done, buffer, JAVA_BYTE, 0, part);
        long count = Libc.write(master, buffer.address(), part);
        if (count < 0 && count != -Errno.EAGAIN) {
          throw Errno.failure(count, "cannot write to the terminal");
        }
        done += (int) Math.max(0, count);
      }
    } finally {
      inUse.readLock().unlock();
    }
  }
}
