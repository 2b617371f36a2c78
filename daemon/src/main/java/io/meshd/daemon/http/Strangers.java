package io.meshd.daemon.http;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Connections whose other end has not shown yet who it is, by source, within {@link DoorLimits}.
 * Where there is no room for one more, the oldest of a source goes and not the newest: whoever
 * floods the door pushes out its own, and a node that comes from the same address in between has a
 * handshake's time. Which source has to give way is decided by how many it has, so that one source
 * never takes another's place. Thread-safe.
 *
 * @param <C> a connection
 */
final class Strangers<C> {
  /** Sources without a connection that are remembered for their rate. */
  private static final int MOST_IDLE_SOURCES = 4096;

  private final DoorLimits limits;
  private final LongSupplier nanoTime;
  private final Map<Object, Source<C>> sources = new HashMap<>();
  private int total;

  private static final class Source<C> {
    final LinkedHashSet<C> open = new LinkedHashSet<>();
    double tokens;
    long filledAt;
  }

  /**
   * What became of a newcomer.
   *
   * @param refused why it may not stay, or null
   * @param pushedOut who has to go for it, or null
   * @param why it has to go
   */
  record Admission<C>(
      @Nullable TurnedAway refused, @Nullable C pushedOut, @Nullable TurnedAway why) {}

  Strangers(DoorLimits limits, LongSupplier nanoTime) {
    this.limits = limits;
    this.nanoTime = nanoTime;
  }

  synchronized Admission<C> admit(C connection, InetAddress address) {
    Source<C> source = source(key(address));
    fill(source);
    if (source.tokens < 1) {
      return new Admission<>(TurnedAway.SOURCE_RATE, null, null);
    }
    source.tokens--;
    C pushedOut = null;
    TurnedAway why = null;
    if (source.open.size() >= limits.perSource()) {
      pushedOut = takeOldest(source);
      why = TurnedAway.SOURCE_CROWD;
    } else if (total >= limits.strangers()) {
      pushedOut = takeOldest(largest());
      why = TurnedAway.CROWD;
    }
    source.open.add(connection);
    total++;
    return new Admission<>(null, pushedOut, why);
  }

  /** Gone, or no stranger any more; one who turned out to be a node has not used up its source. */
  synchronized void remove(C connection, InetAddress address, boolean known) {
    Source<C> source = sources.get(key(address));
    if (source != null && source.open.remove(connection)) {
      total--;
      if (known) {
        source.tokens = Math.min(limits.burst(), source.tokens + 1);
      }
    }
  }

  synchronized int size() {
    return total;
  }

  private Source<C> source(Object key) {
    Source<C> source = sources.get(key);
    if (source == null) {
      if (sources.size() >= MOST_IDLE_SOURCES + limits.strangers()) {
        sources.values().removeIf(each -> each.open.isEmpty());
      }
      source = new Source<>();
      source.tokens = limits.burst();
      source.filledAt = nanoTime.getAsLong();
      sources.put(key, source);
    }
    return source;
  }

  private void fill(Source<C> source) {
    long now = nanoTime.getAsLong();
    double more = (now - source.filledAt) / 1e9 * limits.perSecond();
    source.tokens = Math.min(limits.burst(), source.tokens + more);
    source.filledAt = now;
  }

  private Source<C> largest() {
    return sources.values().stream()
        .max(Comparator.comparingInt(source -> source.open.size()))
        .orElseThrow();
  }

  private C takeOldest(Source<C> source) {
    Iterator<C> each = source.open.iterator();
    C oldest = each.next();
    each.remove();
    total--;
    return oldest;
  }

  /** An IPv6 host has a whole /64 to come from. */
  private static Object key(InetAddress address) {
    return address instanceof Inet6Address
        ? ByteBuffer.wrap(Arrays.copyOf(address.getAddress(), 8))
        : address;
  }
}
