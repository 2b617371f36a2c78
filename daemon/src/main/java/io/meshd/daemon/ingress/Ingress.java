package io.meshd.daemon.ingress;

import io.meshd.daemon.linux.SocketKeeper;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The published ports of this node: one listener per port in the host namespace, upstream
 * connections from the node namespace, balanced over the ready backends of the whole cluster.
 *
 * <p>Threads. Loops carry the connections; they live in the node namespace, so that upstream
 * sockets made on them belong there. One further thread, of the namespace of whoever called {@link
 * #open}, makes the listening sockets: a socket keeps the namespace it was made in, whichever
 * thread serves it, and accepted sockets have their listener's.
 */
public final class Ingress implements AutoCloseable {
  private static final long RETRY_MILLIS = 1000;
  private static final long LOOK_MILLIS = 5;

  /** Connections that a port carries at a time; each has two descriptors. */
  private static final int CONNECTIONS_OF_A_PORT = 30_000;

  private final IngressCounters counters = new IngressCounters();
  private final SocketKeeper keeper;
  private final int connectionsOfAPort;
  private final ProxyLoops loops;
  private final ScheduledExecutorService host;

  /** Host thread only. */
  private final Map<IngressPort.Key, PublishedPort> ports = new HashMap<>();

  private boolean handedOver;

  private Ingress(
      int loopCount,
      ThreadFactory nodeNamespaceThreads,
      int connectionsOfAPort,
      SocketKeeper keeper) {
    this.keeper = keeper;
    this.connectionsOfAPort = connectionsOfAPort;
    loops = new ProxyLoops(loopCount, nodeNamespaceThreads, counters);
    host =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("ingress-host").factory());
    var _ =
        host.scheduleWithFixedDelay(this::retry, RETRY_MILLIS, RETRY_MILLIS, TimeUnit.MILLISECONDS);
  }

  /**
   * Starts with no port. To be called on a thread of the host namespace.
   *
   * @param nodeNamespaceThreads makes threads that run in the node namespace from their first
   *     instruction to their last
   * @param loops threads that carry connections, at least 1
   * @param keeper of listening sockets, those of the process before too
   */
  public static Ingress open(ThreadFactory nodeNamespaceThreads, int loops, SocketKeeper keeper) {
    return open(nodeNamespaceThreads, loops, CONNECTIONS_OF_A_PORT, keeper);
  }

  /**
   * The same, with a limit of one's own.
   *
   * @param connectionsOfAPort connections that a TCP port carries at a time; more are reset
   */
  public static Ingress open(
      ThreadFactory nodeNamespaceThreads, int loops, int connectionsOfAPort, SocketKeeper keeper) {
    return new Ingress(loops, nodeNamespaceThreads, connectionsOfAPort, keeper);
  }

  /**
   * Makes this node answer exactly these ports, each at most once in the collection. Ports that are
   * not in it are given up, their established connections go on. A backend that is no longer in a
   * port's list gets no new connection. Returns when the sockets are as wanted; a port that cannot
   * be bound is in {@link #bindErrors} and tried again every second.
   */
  public void apply(Collection<IngressPort> desired) {
    apply(desired, Set.of());
  }

  /**
   * The same, and ends what leads nowhere: connections to backends that went without a word are
   * reset, so that their clients need not wait for a time-out.
   *
   * @param lost IDs of tasks on nodes that are down
   */
  public void apply(Collection<IngressPort> desired, Set<String> lost) {
    List<IngressPort> wanted = List.copyOf(desired);
    Set<String> gone = Set.copyOf(lost);
    CompletableFuture.runAsync(
            () -> {
              applyOnHostThread(wanted);
              if (!gone.isEmpty()) {
                loops.onEach(loop -> loop.abort(gone));
              }
            },
            host)
        .join();
  }

  private void applyOnHostThread(List<IngressPort> wanted) {
    Map<IngressPort.Key, IngressPort> byKey = new HashMap<>();
    wanted.forEach(port -> byKey.put(port.key(), port));
    Iterator<Map.Entry<IngressPort.Key, PublishedPort>> held = ports.entrySet().iterator();
    while (held.hasNext()) {
      Map.Entry<IngressPort.Key, PublishedPort> entry = held.next();
      if (!byKey.containsKey(entry.getKey())) {
        entry.getValue().unpublish();
        held.remove();
      }
    }
    byKey.forEach((key, port) -> ports.computeIfAbsent(key, k -> open(port)).apply(port));
    keeper.settle();
  }

  private void retry() {
    if (ports.isEmpty()) {
      return; // before the first apply too, whose sockets may be those of the process before
    }
    ports.values().forEach(PublishedPort::retry);
    keeper.settle();
  }

  private PublishedPort open(IngressPort port) {
    return switch (port.protocol()) {
      case TCP -> new TcpPort(port, loops, connectionsOfAPort, keeper);
      case UDP -> new UdpPort(port, loops);
    };
  }

  /** Ports of the last {@link #apply} that are not answered on this node, by port number. */
  public List<BindError> bindErrors() {
    return CompletableFuture.supplyAsync(
            () ->
                ports.values().stream()
                    .map(PublishedPort::error)
                    .filter(Objects::nonNull)
                    .map(Objects::requireNonNull)
                    .sorted(
                        Comparator.comparingInt(BindError::publishedPort)
                            .thenComparing(BindError::protocol))
                    .toList(),
            host)
        .join();
  }

  /**
   * What a new connection would meet; null where the port is not published in ingress mode.
   *
   * @param client who asks, IPv4
   * @param asked the address of this node that is asked, IPv4
   */
  public @Nullable PortTrial tryConnection(
      IngressPort.Protocol protocol, int publishedPort, InetAddress client, InetAddress asked) {
    String address = asked.getHostAddress();
    return CompletableFuture.<@Nullable PortTrial>supplyAsync(
            () -> {
              PublishedPort bound =
                  ports.get(new IngressPort.Key(protocol, address, publishedPort));
              PublishedPort port =
                  bound != null
                      ? bound
                      : ports.get(new IngressPort.Key(protocol, null, publishedPort));
              return port == null ? null : port.tryConnection(bits(client), bits(asked));
            },
            host)
        .join();
  }

  private static int bits(InetAddress address) {
    return ByteBuffer.wrap(address.getAddress()).getInt();
  }

  /** Every port of the last {@link #apply}, in the order of their names. */
  public List<PortStatus> ports() {
    return CompletableFuture.supplyAsync(
            () ->
                ports.values().stream()
                    .map(PublishedPort::status)
                    .sorted(Comparator.comparing(PortStatus::port))
                    .toList(),
            host)
        .join();
  }

  /** The threads that carry connections. */
  public List<Executor> loops() {
    return loops.executors();
  }

  /** Counts since {@link #open}, by {@link IngressCounter#label}. */
  public Map<String, Long> counters() {
    return counters.snapshot();
  }

  /** Refuses new connections; those that are there, and datagrams, go on. */
  public void stopListening() {
    CompletableFuture.runAsync(
            () -> {
              ports.values().forEach(PublishedPort::stopListening);
              keeper.settle();
            },
            host)
        .join();
  }

  /**
   * Before this process ends and another follows: takes no new connections, which wait in their
   * sockets for the next one, and returns when none is open any more, or after a time.
   */
  public void handOver(Duration atMost) throws InterruptedException {
    CompletableFuture.runAsync(
            () -> {
              handedOver = true;
              ports.values().forEach(PublishedPort::pause);
            },
            host)
        .join();
    long begun = System.nanoTime();
    while (loops.connections() > 0 && System.nanoTime() - begun < atMost.toNanos()) {
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    }
  }

  /** Resets all connections, and gives up all ports that were not handed over. */
  @Override
  public void close() {
    if (handedOver) {
      CompletableFuture.runAsync(() -> ports.values().forEach(PublishedPort::release), host).join();
    } else {
      apply(List.of());
    }
    host.shutdownNow();
    loops.close();
  }
}
