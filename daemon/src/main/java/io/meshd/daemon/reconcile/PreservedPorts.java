package io.meshd.daemon.reconcile;

import io.meshd.api.Services.PortConfig;
import io.meshd.daemon.linux.ReplyRoutes.Port;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.ServiceSpecs;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The target ports of services that keep their clients' addresses, and for some seconds those that
 * did: when such a port goes, every node resets the connections that it has made in clients' names,
 * and the resets still have to find their way to the tasks. One thread's own.
 */
final class PreservedPorts {
  /** In which every node has heard of a change and made its resets. */
  private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(3);

  /** By service, when each port was last seen to be published so. */
  private final Map<String, Map<Port, Long>> seen = new HashMap<>();

  /** Those of the state alone. */
  static PreservedPorts of(ClusterState state) {
    PreservedPorts ports = new PreservedPorts();
    ports.update(state, 0);
    return ports;
  }

  void update(ClusterState state, long nowNanos) {
    for (ServiceRecord service : state.services().values()) {
      for (PortConfig port : service.ports()) {
        if (ServiceSpecs.preserves(port)) {
          seen.computeIfAbsent(service.id(), id -> new HashMap<>())
              .put(new Port(ServiceSpecs.protocol(port), port.targetPort()), nowNanos);
        }
      }
    }
    seen.values().forEach(ports -> ports.values().removeIf(at -> nowNanos - at > LINGER_NANOS));
    seen.values().removeIf(Map::isEmpty);
  }

  /** Of a service; empty for none. */
  Set<Port> ofService(@Nullable String serviceId) {
    Map<Port, Long> ports = serviceId == null ? null : seen.get(serviceId);
    return ports == null ? Set.of() : new HashSet<>(ports.keySet());
  }
}
