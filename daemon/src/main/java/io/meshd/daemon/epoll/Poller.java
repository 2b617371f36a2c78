package io.meshd.daemon.epoll;

import io.meshd.dataplane.sys.EpollEvents;
import io.meshd.dataplane.sys.Errno;
import io.meshd.dataplane.sys.Libc;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An event loop's epoll, open to descriptors that are no channels. Netty's own takes three
 * epoll_ctl for a descriptor's life, and a future, a registration and a map entry; here it is one
 * epoll_ctl, and the end of a descriptor takes it out by itself. Handles of Netty ({@link
 * EpollIoHandle}) are served too.
 *
 * <p>Everything but {@link #wakeup} is for the loop's thread. A {@link Ready} gets a slot, under
 * which any number of descriptors may report. An event is a hint: it may be late, and meant for a
 * descriptor that was closed meanwhile; but never for the former owner of a slot, because slots are
 * given out again between two batches only.
 */
public final class Poller implements IoHandler {
  private static final int BATCH = 256;

  /** Takes events. */
  public interface Ready {
    /**
     * @param side as given with the descriptor, or {@link #AGAIN}
     * @param events of {@link EpollEvents}; 0 with {@link #AGAIN}
     */
    void ready(int side, int events);

    /** {@link #ready} threw; what that was is in the log. */
    default void broken() {}
  }

  private static final Logger LOG = LoggerFactory.getLogger(Poller.class);

  /** The side of a call that was asked for by {@link #again}. */
  public static final int AGAIN = -1;

  private static final int SIDE_BITS = 2;
  private static final long WAKEUP = -1;

  private final ThreadAwareExecutor executor;
  private final int epoll;
  private final int wakeup;
  private final EpollEvents events = new EpollEvents(BATCH);
  private final EpollEvents change = new EpollEvents(1);
  private final EpollEvents one = new EpollEvents(1);
  private final AtomicBoolean sleeping = new AtomicBoolean();

  private @Nullable Ready[] slots = new Ready[64];
  private int[] free = new int[64];
  private int freeCount;
  private int[] freed = new int[64];
  private int freedCount;
  private int used;
  private Deque<Ready> again = new ArrayDeque<>();
  private Deque<Ready> before = new ArrayDeque<>();

  /**
   * @throws UncheckedIOException for want of descriptors
   */
  public Poller(ThreadAwareExecutor executor) {
    this.executor = executor;
    try {
      epoll = Errno.check(Libc.epollCreate1(Libc.EPOLL_CLOEXEC), "cannot make an epoll");
      wakeup =
          Errno.check(
              Libc.eventfd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK), "cannot make an eventfd");
      one.set(0, 1, 0);
      change.set(0, EpollEvents.IN | EpollEvents.ET, WAKEUP);
      Errno.check(
          Libc.epollCtl(epoll, Libc.EPOLL_CTL_ADD, wakeup, change.address()),
          "cannot wait for an eventfd");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A slot for {@code ready}, until {@link #release}. */
  public int slot(Ready ready) {
    int slot = freeCount > 0 ? free[--freeCount] : used++;
    if (slot == slots.length) {
      slots = Arrays.copyOf(slots, 2 * slot);
    }
    slots[slot] = ready;
    return slot;
  }

  /** Gives a slot back; nothing is reported there any more. */
  public void release(int slot) {
    slots[slot] = null;
    if (freedCount == freed.length) {
      freed = Arrays.copyOf(freed, 2 * freedCount);
    }
    freed[freedCount++] = slot;
  }

  /**
   * Begins to report a descriptor's events.
   *
   * @param side 0-3, handed back with each event
   * @return 0 or {@code -errno}
   */
  public int add(int fd, int mask, int slot, int side) {
    return control(Libc.EPOLL_CTL_ADD, fd, mask, slot, side);
  }

  /** Reports other events of a descriptor from now on, and those that are there already. */
  public int modify(int fd, int mask, int slot, int side) {
    return control(Libc.EPOLL_CTL_MOD, fd, mask, slot, side);
  }

  /** Closing a descriptor does the same. */
  public int remove(int fd) {
    return control(Libc.EPOLL_CTL_DEL, fd, 0, 0, 0);
  }

  private int control(int operation, int fd, int mask, int slot, int side) {
    change.set(0, mask, ((long) slot << SIDE_BITS) | side);
    return Libc.epollCtl(epoll, operation, fd, change.address());
  }

  /**
   * Calls {@code ready} once more behind the next batch of events, whether or not there are any.
   */
  public void again(Ready ready) {
    again.add(ready);
  }

  @Override
  public int run(IoHandlerContext context) {
    for (int i = 0; i < freedCount; i++) {
      if (freeCount == free.length) {
        free = Arrays.copyOf(free, 2 * freeCount);
      }
      free[freeCount++] = freed[i];
    }
    freedCount = 0;
    int timeout = 0;
    if (again.isEmpty()) {
      sleeping.set(true);
      // Looked at after the flag is up: a task that comes now sees it and wakes this thread.
      if (context.canBlock()) {
        timeout = timeoutMillis(context);
      }
    }
    int count = Libc.epollWait(epoll, events.address(), BATCH, timeout);
    sleeping.set(false);
    Deque<Ready> due = again;
    again = before;
    before = due;
    for (int i = 0; i < count; i++) {
      long data = events.data(i);
      Ready ready = data == WAKEUP ? null : slots[(int) (data >>> SIDE_BITS)];
      if (ready != null) {
        tell(ready, (int) data & ((1 << SIDE_BITS) - 1), events.mask(i));
      }
    }
    for (Ready ready = due.poll(); ready != null; ready = due.poll()) {
      tell(ready, AGAIN, 0);
    }
    return Math.max(count, 0);
  }

  /** A fault in one connection is the end of that one, not of the loop. */
  private static void tell(Ready ready, int side, int events) {
    try {
      ready.ready(side, events);
    } catch (RuntimeException | LinkageError | AssertionError e) {
      LOG.error("an event could not be handled", e);
      ready.broken();
    }
  }

  private static int timeoutMillis(IoHandlerContext context) {
    if (context.deadlineNanos() == -1) {
      return -1;
    }
    long nanos = context.delayNanos(System.nanoTime());
    long millis = TimeUnit.NANOSECONDS.toMillis(nanos + 999_999);
    return Math.clamp(millis, 0, Integer.MAX_VALUE);
  }

  @Override
  public void wakeup() {
    if (!executor.isExecutorThread(Thread.currentThread()) && sleeping.getAndSet(false)) {
      Libc.write(wakeup, one.address(), Long.BYTES);
    }
  }

  @Override
  public IoRegistration register(IoHandle handle) throws IOException {
    return new HandleRegistration(this, (EpollIoHandle) handle);
  }

  @Override
  public boolean isCompatible(Class<? extends IoHandle> type) {
    return EpollIoHandle.class.isAssignableFrom(type);
  }

  /** Netty's handles are closed with their loop. */
  @Override
  public void prepareToDestroy() {
    for (Ready ready : slots) {
      if (ready instanceof HandleRegistration registration) {
        registration.close();
      }
    }
  }

  @Override
  public void destroy() {
    Libc.close(epoll);
    Libc.close(wakeup);
  }
}
