package io.meshd.daemon.ingress;

import io.meshd.daemon.epoll.Poller;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The threads that carry connections, in the node namespace. A socket made on one of these threads
 * belongs to the node namespace.
 */
final class ProxyLoops {
  /** How much more than another one a loop may carry before it hands new connections over. */
  private static final int SLACK = 4;

  private final MultiThreadIoEventLoopGroup group;
  private final List<ProxyLoop> loops = new ArrayList<>();
  private final IngressCounters counters;

  ProxyLoops(int count, ThreadFactory nodeNamespaceThreads, IngressCounters counters) {
    this.counters = counters;
    ThreadFactory threads =
        task ->
            nodeNamespaceThreads.newThread(
                () -> FastThreadLocalThread.runWithFastThreadLocal(task));
    List<Poller> pollers = new ArrayList<>();
    group =
        new MultiThreadIoEventLoopGroup(
            count,
            threads,
            executor -> {
              Poller poller = new Poller(executor);
              pollers.add(poller);
              return poller;
            });
    for (EventExecutor executor : group) {
      loops.add(new ProxyLoop((IoEventLoop) executor, pollers.get(loops.size()), counters));
    }
    // Now rather than at the first connection: a namespace that cannot be entered is told at once.
    onEach(_ -> {});
  }

  /** For descriptors that are no connections. */
  IoEventLoop nextForHandles() {
    return group.next();
  }

  List<Executor> executors() {
    return loops.stream().<Executor>map(ProxyLoop::executor).toList();
  }

  IngressCounters counters() {
    return counters;
  }

  /** Runs something on every loop, one after the other, and waits for it. */
  void onEach(Consumer<ProxyLoop> task) {
    for (ProxyLoop loop : loops) {
      loop.executor().submit(() -> task.accept(loop)).syncUninterruptibly();
    }
  }

  /** Open, or being opened. */
  int connections() {
    return loops.stream().mapToInt(ProxyLoop::size).sum();
  }

  /** Who is to carry a connection that {@code loop} accepted: itself, if it is not the busier. */
  ProxyLoop lighterThan(ProxyLoop loop) {
    ProxyLoop lightest = loop;
    int fewest = loop.size() - loop.size() / 8 - SLACK;
    for (ProxyLoop other : loops) {
      int size = other.size();
      if (size < fewest) {
        lightest = other;
        fewest = size;
      }
    }
    return lightest;
  }

  /** Resets every connection and ends the threads; returns when they have ended, 5 s at most. */
  void close() {
    onEach(ProxyLoop::close);
    group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
  }
}
