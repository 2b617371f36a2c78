package io.meshd.dataplane.loop;

import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * A descriptor on an event loop, edge-triggered: told once that there is something to read, it
 * reads until there is nothing. After a budget it goes behind the others of its loop and continues
 * from there. The descriptor is its owner's to close, after {@link #unregister}.
 */
abstract class DrainingHandle implements EpollIoHandle {
  private final IoEventLoop eventLoop;
  private final Precedence precedence;
  private final Nearness nearness;
  private final FileDescriptor descriptor;
  private final Runnable continuation = this::drainAgain;
  private @Nullable IoRegistration registration;
  private boolean queued;
  private boolean behind;

  DrainingHandle(IoEventLoop eventLoop, Precedence precedence, Nearness nearness, int descriptor) {
    this.eventLoop = eventLoop;
    this.precedence = precedence;
    this.nearness = nearness;
    this.descriptor = new FileDescriptor(descriptor);
  }

  /**
   * Reads until there is nothing or the budget is used up; on the loop.
   *
   * @return whether there may be more
   */
  abstract boolean drain();

  /** On which processor the last of what is to be read was made; -1 where that is not known. */
  abstract int producer();

  /** Begins; waits for the loop. Not to be called from a loop. */
  final void register() {
    await(
        eventLoop.submit(
            () -> {
              IoRegistration made = eventLoop.register(this).syncUninterruptibly().getNow();
              registration = made;
              made.submit(EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLET));
            }));
  }

  /** Ends; waits for the loop, so that nothing is read afterwards. Not to be called from a loop. */
  final void unregister() {
    await(eventLoop.submit(this::stop));
  }

  /** On the loop; idempotent. */
  final void stop() {
    if (registration != null) {
      registration.cancel();
      registration = null;
      behind(false);
    }
  }

  @Override
  public final void handle(IoRegistration ignored, IoEvent event) {
    if (!queued) {
      precedence.wakes();
      // Before answers to what is delivered now overwrite it.
      int processor = producer();
      long from = System.nanoTime();
      run();
      nearness.woken(processor, from, System.nanoTime());
    }
  }

  private void drainAgain() {
    queued = false;
    run();
  }

  private void run() {
    if (registration == null) {
      return;
    }
    boolean more = drain();
    behind(more && registration != null);
    if (more) {
      nearness.hasMuch(System.nanoTime());
      queued = true;
      eventLoop.execute(continuation);
    }
  }

  private void behind(boolean now) {
    if (now && behind) {
      precedence.staysBehind();
    } else if (now) {
      precedence.fallsBehind();
    } else if (behind) {
      precedence.catchesUp();
    }
    behind = now;
  }

  @Override
  public final FileDescriptor fd() {
    return descriptor;
  }

  /** By Netty when the loop ends; the descriptor stays open. */
  @Override
  public final void close() {}

  /** Waits for something done on a loop. */
  static void await(Future<?> future) {
    try {
      future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a data loop worked", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a data loop failed", e.getCause());
    }
  }
}
