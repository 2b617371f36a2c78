package io.meshd.daemon.dns;

import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks the outside for those who may not do it themselves.
 *
 * <p>Theory of operation. Everything happens on one event loop of the host's namespace. A question
 * is answered from the cache, or joins the same question of another asker that is under way, or
 * becomes an {@link OutsideExchange}: up to {@value #MOST_SERVERS} servers in their order, two
 * rounds, {@value OutsideExchange#TRY_MILLIS} ms each. A server that did not answer is left out for
 * {@value #SILENCE_MILLIS} ms, so that with dead resolvers a name fails at once and not only after
 * the asker's own patience. At most {@value #MOST_EXCHANGES} exchanges are under way, with {@value
 * #MOST_WAITING} askers each; whoever comes on top is told SERVFAIL.
 */
final class Forwarder {
  private static final int MOST_SERVERS = 3; // resolv.conf(5), MAXNS
  private static final int MOST_EXCHANGES = 512;
  private static final int MOST_WAITING = 256;
  private static final int SILENCE_MILLIS = 2000;
  private static final int PORT = 53;

  private final EventLoop loop;
  private final Supplier<List<String>> nodeResolvers;
  private final DnsCounters counters;

  // The loop's own.
  private final OutsideCache cache = new OutsideCache();
  private final Map<OutsideKey, List<Consumer<@Nullable OutsideAnswer>>> waiting = new HashMap<>();
  private final Map<InetSocketAddress, Long> silentSince = new HashMap<>();
  private List<String> lastResolvers = List.of();

  /**
   * @param loop in the namespace that the resolvers are reached from
   * @param nodeResolvers the node's, addresses with or without {@code #port}; asked each time
   */
  Forwarder(EventLoop loop, Supplier<List<String>> nodeResolvers, DnsCounters counters) {
    this.loop = loop;
    this.nodeResolvers = nodeResolvers;
    this.counters = counters;
  }

  /**
   * From any thread.
   *
   * @param resolvers to be asked instead of the node's, empty for those
   * @param asker is told on the forwarder's loop, once; null: nobody answered
   */
  void ask(Query query, List<String> resolvers, Consumer<@Nullable OutsideAnswer> asker) {
    loop.execute(() -> begin(query, resolvers, asker));
  }

  private void begin(Query query, List<String> resolvers, Consumer<@Nullable OutsideAnswer> asker) {
    List<String> node = nodeResolvers.get();
    if (!node.equals(lastResolvers)) {
      // Other resolvers may see another world.
      lastResolvers = node;
      cache.clear();
      silentSince.clear();
    }
    long now = System.nanoTime();
    OutsideKey key = OutsideKey.of(query, resolvers);
    OutsideAnswer kept = cache.get(key, now);
    if (kept != null) {
      counters.count(DnsCounter.FORWARD_CACHED);
      asker.accept(kept);
      return;
    }
    List<Consumer<@Nullable OutsideAnswer>> others = waiting.get(key);
    if (others == null ? waiting.size() >= MOST_EXCHANGES : others.size() >= MOST_WAITING) {
      counters.count(DnsCounter.FORWARD_OVERFLOW);
      asker.accept(null);
      return;
    }
    if (others != null) {
      counters.count(DnsCounter.FORWARD_JOINED);
      others.add(asker);
      return;
    }
    List<InetSocketAddress> servers = servers(resolvers.isEmpty() ? node : resolvers, now);
    if (servers.isEmpty()) {
      counters.count(DnsCounter.FORWARD_FAILED);
      asker.accept(null);
      return;
    }
    List<Consumer<@Nullable OutsideAnswer>> askers = new ArrayList<>(List.of(asker));
    waiting.put(key, askers);
    new OutsideExchange(loop, query, servers, counters, this::silent, answer -> end(key, answer))
        .start();
  }

  private void silent(InetSocketAddress server) {
    silentSince.put(server, System.nanoTime());
  }

  private void end(OutsideKey key, @Nullable OutsideAnswer answer) {
    if (answer == null) {
      counters.count(DnsCounter.FORWARD_FAILED);
    } else {
      cache.put(key, answer, System.nanoTime());
    }
    List<Consumer<@Nullable OutsideAnswer>> askers = waiting.remove(key);
    if (askers != null) {
      askers.forEach(asker -> asker.accept(answer));
    }
  }

  /** Those that are worth a try, in order. */
  private List<InetSocketAddress> servers(List<String> resolvers, long now) {
    List<InetSocketAddress> servers = new ArrayList<>();
    for (String resolver : resolvers) {
      InetSocketAddress server = server(resolver);
      if (server == null || servers.size() >= MOST_SERVERS) {
        continue;
      }
      Long since = silentSince.get(server);
      if (since != null && now - since >= TimeUnit.MILLISECONDS.toNanos(SILENCE_MILLIS)) {
        silentSince.remove(server);
        since = null;
      }
      if (since == null) {
        servers.add(server);
      }
    }
    return servers;
  }

  /** Null for what is no address. */
  private static @Nullable InetSocketAddress server(String resolver) {
    int hash = resolver.indexOf('#');
    try {
      int port = hash < 0 ? PORT : Integer.parseInt(resolver.substring(hash + 1));
      String address = hash < 0 ? resolver : resolver.substring(0, hash);
      return new InetSocketAddress(InetAddress.ofLiteral(address), port);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
