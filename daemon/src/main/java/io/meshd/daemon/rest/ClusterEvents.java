package io.meshd.daemon.rest;

import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.ServiceSpecs;
import io.meshd.daemon.state.StateListener;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The cluster's changes as Docker's events (moby daemon/cluster/cluster.go and events.go), as this
 * node learns them. The last {@link #KEPT} are kept for those who ask later.
 */
public final class ClusterEvents implements StateListener {
  /** As Docker's daemon keeps. */
  private static final int KEPT = 256;

  /**
   * @param type service, node, network
   * @param action create, update, remove
   */
  record Event(
      String type, String action, String id, Map<String, String> attributes, Instant time) {}

  /** Which words of a record are told when they change, in order. */
  private interface Words<T> {
    Map<String, String> of(T record);
  }

  private final Clock clock;
  private final Deque<Event> recent = new ArrayDeque<>();
  private final List<Consumer<Event>> listeners = new CopyOnWriteArrayList<>();
  private @Nullable ClusterState last;

  public ClusterEvents(Clock clock) {
    this.clock = clock;
  }

  /** Those that are kept, and every later one, in order; {@code listener} returns at once. */
  synchronized List<Event> subscribe(Consumer<Event> listener) {
    listeners.add(listener);
    return new ArrayList<>(recent);
  }

  void unsubscribe(Consumer<Event> listener) {
    listeners.remove(listener);
  }

  @Override
  public synchronized void onState(ClusterState state) {
    ClusterState before = last;
    last = state;
    // What was there when this node came is no news.
    if (before == null || !sameCluster(before, state)) {
      return;
    }
    diff("node", before.nodes(), state.nodes(), NodeRecord::hostname, ClusterEvents::ofNode);
    diff("network", before.networks(), state.networks(), NetworkRecord::name, _ -> Map.of());
    diff(
        "service",
        before.services(),
        state.services(),
        ServiceRecord::name,
        ClusterEvents::ofService);
  }

  private static boolean sameCluster(ClusterState a, ClusterState b) {
    return a.cluster() != null && b.cluster() != null && a.cluster().id().equals(b.cluster().id());
  }

  private static Map<String, String> ofNode(NodeRecord node) {
    return Map.of(
        "availability",
        node.spec().availability(),
        "role",
        node.spec().role(),
        "state",
        node.status().name().toLowerCase(Locale.ROOT));
  }

  private static Map<String, String> ofService(ServiceRecord service) {
    Map<String, String> words = new LinkedHashMap<>();
    String image = ProcessImage.shown(service.spec().taskTemplate()).containerSpec().image();
    words.put("image", image == null ? "" : image);
    if (!ServiceSpecs.global(service.spec())) {
      words.put("replicas", Long.toString(ServiceSpecs.replicas(service.spec())));
    }
    if (service.updateStatus() != null) {
      words.put("updatestate", Objects.requireNonNullElse(service.updateStatus().state(), ""));
    }
    return words;
  }

  @SuppressWarnings("ReferenceEquality") // a state shares what did not change with the one before
  private <T> void diff(
      String type,
      Map<String, T> before,
      Map<String, T> now,
      java.util.function.Function<T, String> name,
      Words<T> words) {
    if (before == now) {
      return;
    }
    before.forEach(
        (id, record) -> {
          if (!now.containsKey(id)) {
            tell(type, "remove", id, Map.of("name", name.apply(record)));
          }
        });
    now.forEach(
        (id, record) -> {
          T old = before.get(id);
          if (old == null) {
            tell(type, "create", id, Map.of("name", name.apply(record)));
          } else if (!old.equals(record)) {
            Map<String, String> attributes = new LinkedHashMap<>();
            attributes.put("name", name.apply(record));
            changes(words.of(old), words.of(record), attributes);
            tell(type, "update", id, attributes);
          }
        });
  }

  private static void changes(
      Map<String, String> old, Map<String, String> now, Map<String, String> attributes) {
    now.forEach(
        (word, value) -> {
          String was = old.get(word);
          if (!value.equals(was)) {
            attributes.put(word + ".new", value);
            if (was != null) {
              attributes.put(word + ".old", was);
            }
          }
        });
  }

  private void tell(String type, String action, String id, Map<String, String> attributes) {
    Event event = new Event(type, action, id, attributes, Instant.now(clock));
    if (recent.size() == KEPT) {
      recent.remove();
    }
    recent.add(event);
    listeners.forEach(listener -> listener.accept(event));
  }
}
