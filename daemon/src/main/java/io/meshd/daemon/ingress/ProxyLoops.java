package io.meshd.daemon.ingress;

import io.meshd.daemon.epoll.HalfCloseIoHandler;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * The event loops of the ingress, in the node namespace, and what they share: allocator and
 * counters. A socket made on one of these threads belongs to the node namespace.
 */
final class ProxyLoops {
  private static final int PAGE_BYTES = 8192;

  /** Chunks of 8 KiB << 6 = 512 KiB: the pool gives memory back in small pieces. */
  private static final int MAX_ORDER = 6;

  /** Buffers that a thread keeps for itself, per size class. */
  private static final int SMALL_CACHE = 128;

  private static final int NORMAL_CACHE = 16;

  private final MultiThreadIoEventLoopGroup group;
  private final ByteBufAllocator allocator;
  private final IngressCounters counters;

  ProxyLoops(int loops, ThreadFactory nodeNamespaceThreads, IngressCounters counters) {
    ThreadFactory threads =
        task ->
            nodeNamespaceThreads.newThread(
                () -> FastThreadLocalThread.runWithFastThreadLocal(task));
    this.group = new MultiThreadIoEventLoopGroup(loops, threads, HalfCloseIoHandler.newFactory());
    // Now rather than at the first connection: a namespace that cannot be entered is told at once.
    group.forEach(loop -> loop.submit(() -> {}).syncUninterruptibly());
    this.allocator =
        new PooledByteBufAllocator(
            true, 0, loops, PAGE_BYTES, MAX_ORDER, SMALL_CACHE, NORMAL_CACHE, false);
    this.counters = counters;
  }

  EventLoop next() {
    return group.next();
  }

  /** For descriptors that are no channels. */
  IoEventLoop nextForHandles() {
    return group.next();
  }

  ByteBufAllocator allocator() {
    return allocator;
  }

  IngressCounters counters() {
    return counters;
  }

  /** Closes every connection and ends the threads; returns when they have ended, 5 s at most. */
  void close() {
    group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
  }
}
