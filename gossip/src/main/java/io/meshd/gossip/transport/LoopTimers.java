package io.meshd.gossip.transport;

import io.meshd.gossip.spi.Timers;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** Timers on an event loop. */
final class LoopTimers implements Timers {
  private final EventLoop loop;

  LoopTimers(EventLoop loop) {
    this.loop = loop;
  }

  @Override
  public long nanos() {
    return System.nanoTime();
  }

  @Override
  public Timer after(long nanos, Runnable task) {
    ScheduledFuture<?> future = loop.schedule(() -> guarded(task), nanos, TimeUnit.NANOSECONDS);
    return () -> future.cancel(false);
  }

  /** What goes wrong is not lost in a future that nobody asks. */
  private static void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
  }
}
