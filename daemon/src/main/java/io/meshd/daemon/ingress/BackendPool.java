package io.meshd.daemon.ingress;

import io.meshd.daemon.ingress.IngressPort.Backend;
import io.meshd.daemon.ingress.IngressPort.Balancing;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The ready backends of one published port, and the choice between them.
 *
 * <p>{@link #replace} is called by one thread; {@link #choose} by any.
 */
final class BackendPool {
  private final Map<BackendLoad.Key, BackendLoad> known = new HashMap<>();
  private volatile Choice all = new Choice(List.of(), Balancing.DEFAULT);

  /** Backends of this node, where they are preferred; else empty. */
  private volatile Choice local = all;

  /** With default balancing. */
  void replace(List<Backend> backends) {
    replace(backends, Balancing.DEFAULT);
  }

  /** The new list; a backend that stays keeps its load and history. Those of weight 0 are out. */
  void replace(List<Backend> backends, Balancing balancing) {
    Map<BackendLoad.Key, BackendLoad> next = new HashMap<>();
    List<BackendLoad> ready = new ArrayList<>();
    List<BackendLoad> here = new ArrayList<>();
    long now = System.nanoTime();
    for (Backend backend : backends) {
      if (backend.weight() <= 0) {
        continue;
      }
      BackendLoad.Key key = BackendLoad.Key.of(backend);
      BackendLoad load = known.get(key);
      if (load == null) {
        load = new BackendLoad(backend, now);
      } else {
        load.update(backend);
      }
      next.put(key, load);
      ready.add(load);
      if (balancing.preferLocal() && backend.local()) {
        here.add(load);
      }
    }
    known.clear();
    known.putAll(next);
    local = new Choice(here, balancing);
    all = new Choice(ready, balancing);
  }

  int size() {
    return all.size();
  }

  /**
   * The backend for the next attempt of a connection, or null when all were tried.
   *
   * @param tried backends on which this connection already failed
   * @param client hash of the client's address
   */
  @Nullable BackendLoad choose(Collection<BackendLoad> tried, long client, long nowNanos) {
    BackendLoad near = local.size() == 0 ? null : local.healthy(tried, client, nowNanos);
    return near == null ? all.any(tried, client, nowNanos) : near;
  }

  /** What {@link #choose} would say to a new connection, drawn anew; nobody loses a turn. */
  @Nullable BackendLoad tryChoice(long client, long nowNanos) {
    Choice near = local.copy();
    BackendLoad found = near.size() == 0 ? null : near.healthy(List.of(), client, nowNanos);
    return found == null ? all.copy().any(List.of(), client, nowNanos) : found;
  }

  /** Those that may be chosen. */
  List<BackendLoad> loads() {
    return all.loads();
  }
}
