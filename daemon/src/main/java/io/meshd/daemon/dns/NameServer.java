package io.meshd.daemon.dns;

import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Answers names on the gateway addresses of networks, and, for those who have no network, names of
 * the outside on another address.
 *
 * <p>Threads. One event loop lives in the node namespace and has the listeners of the networks.
 * Another lives in the namespace of whoever called {@link #open}; it asks the resolvers, and has
 * the listener of the outside. Calls come from one thread at a time.
 */
public final class NameServer implements AutoCloseable {
  private final int port;
  private final MultiThreadIoEventLoopGroup inside;
  private final MultiThreadIoEventLoopGroup outside;
  private final Forwarder forwarder;
  private final DnsCounters counters = new DnsCounters();

  /** By gateway. */
  private final Map<String, NameListener> listeners = new HashMap<>();

  private NameServer(int port, ThreadFactory inner, Supplier<List<String>> resolvers) {
    this.port = port;
    this.inside = group(inner);
    this.outside = group(Thread.ofPlatform().daemon().name("names-outside").factory());
    this.forwarder = new Forwarder(outside.next(), resolvers, counters);
  }

  /**
   * Starts with no listener. To be called on a thread of the host namespace.
   *
   * @param port of the listeners at gateways, 53
   * @param nodeNamespaceThreads makes threads that run in the node namespace from their first
   *     instruction to their last
   * @param resolvers addresses of those that answer for the outside; asked at every question
   */
  public static NameServer open(
      int port, ThreadFactory nodeNamespaceThreads, Supplier<List<String>> resolvers) {
    return new NameServer(port, nodeNamespaceThreads, resolvers);
  }

  private static MultiThreadIoEventLoopGroup group(ThreadFactory threads) {
    ThreadFactory fast =
        task -> threads.newThread(() -> FastThreadLocalThread.runWithFastThreadLocal(task));
    MultiThreadIoEventLoopGroup group =
        new MultiThreadIoEventLoopGroup(1, fast, EpollIoHandler.newFactory());
    // Now: a thread has the namespace of the one that starts it.
    EventLoop loop = group.next();
    loop.submit(() -> {}).syncUninterruptibly();
    return group;
  }

  /**
   * Listens on exactly these gateways, each at most once in the list.
   *
   * @throws IOException in words when one of them cannot be listened on; the others are as wanted
   */
  public void apply(List<NetworkNames> networks) throws IOException {
    Map<String, NetworkNames> wanted = new HashMap<>();
    networks.forEach(names -> wanted.put(names.gateway(), names));
    Iterator<Map.Entry<String, NameListener>> held = listeners.entrySet().iterator();
    while (held.hasNext()) {
      Map.Entry<String, NameListener> entry = held.next();
      if (!wanted.containsKey(entry.getKey())) {
        entry.getValue().close();
        held.remove();
      }
    }
    List<String> problems = new ArrayList<>();
    for (NetworkNames names : networks) {
      Questions.Askers askers = Questions.of(names);
      NameListener listener = listeners.get(names.gateway());
      if (listener != null) {
        listener.use(askers);
        continue;
      }
      try {
        InetSocketAddress address =
            new InetSocketAddress(InetAddress.ofLiteral(names.gateway()), port);
        listeners.put(
            names.gateway(),
            NameListener.open(inside.next(), address, askers, forwarder, counters));
      } catch (IOException e) {
        counters.count(DnsCounter.BIND_FAILED);
        problems.add(e.getMessage());
      }
    }
    if (!problems.isEmpty()) {
      throw new IOException(String.join("; ", problems));
    }
  }

  /** Ports, of the kernel's choice, of a listener for the outside. */
  record OutsidePorts(int udp, int tcp) {}

  /**
   * Answers names of the outside, and none of ours, in the host's namespace; until {@link #close}.
   *
   * @param address where, on ports that are free
   * @param subnet of those who may ask, IPv4 CIDR
   */
  OutsidePorts listenForOutside(String address, String subnet) throws IOException {
    Zone bounds = new Zone.Builder("", subnet).build();
    NameListener listener =
        NameListener.open(
            outside.next(),
            new InetSocketAddress(InetAddress.ofLiteral(address), 0),
            from -> bounds.contains(Questions.bits(from)) ? Asker.OF_THE_OUTSIDE : null,
            forwarder,
            counters);
    return new OutsidePorts(listener.udpPort(), listener.tcpPort());
  }

  /** Counts since {@link #open}, by {@link DnsCounter#label}. */
  public Map<String, Long> counters() {
    return counters.snapshot();
  }

  /** Ends all listeners; returns when the threads have ended, 5 s at most. */
  @Override
  public void close() {
    Future<?> insideEnd = inside.shutdownGracefully(0, 2, TimeUnit.SECONDS);
    Future<?> outsideEnd = outside.shutdownGracefully(0, 2, TimeUnit.SECONDS);
    insideEnd.awaitUninterruptibly(5, TimeUnit.SECONDS);
    outsideEnd.awaitUninterruptibly(5, TimeUnit.SECONDS);
  }
}
