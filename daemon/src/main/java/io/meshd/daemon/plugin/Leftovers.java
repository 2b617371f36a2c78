package io.meshd.daemon.plugin;

import io.meshd.daemon.linux.Problems;
import io.meshd.daemon.reconcile.ContainerTaps;
import io.meshd.daemon.state.ClusterState;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Takes away what Docker has no more, and did not or could not say: a container was stopped while
 * this daemon was away, an answer was not heard. What Docker has is the measure; what it does not
 * show yet is left for a while.
 */
final class Leftovers {
  /** Between an endpoint's making and its being shown lie milliseconds. */
  private static final Duration UNSEEN = Duration.ofSeconds(30);

  private final Bindings bindings;
  private final Overlays overlays;
  private final Addresses addresses;
  private final Endpoints endpoints;
  private final ClusterCalls cluster;
  private final ContainerTaps taps;

  Leftovers(
      Bindings bindings,
      Overlays overlays,
      Addresses addresses,
      Endpoints endpoints,
      ClusterCalls cluster,
      ContainerTaps taps) {
    this.bindings = bindings;
    this.overlays = overlays;
    this.addresses = addresses;
    this.endpoints = endpoints;
    this.cluster = cluster;
    this.taps = taps;
  }

  /**
   * @param known what this daemon had before Docker was asked
   * @param docker IDs of the endpoints on our networks that Docker has
   */
  void remove(List<BoundEndpoint> known, Set<String> docker) throws IOException {
    Problems problems = new Problems();
    for (BoundEndpoint endpoint : known) {
      if (!docker.contains(endpoint.id()) && !endpoints.younger(endpoint.id(), UNSEEN)) {
        problems.attempt(() -> endpoints.delete(endpoint.id()));
      }
    }
    // The state first: what comes into it afterwards is not looked at.
    ClusterState state = overlays.state();
    Set<String> bound = new HashSet<>();
    Set<String> devices = new HashSet<>();
    for (BoundEndpoint endpoint : bindings.endpoints()) {
      if (endpoint.endpointId() != null) {
        bound.add(endpoint.endpointId());
      }
      devices.add(endpoint.device());
    }
    for (String id : addresses.nobodys(state, bound)) {
      problems.attempt(() -> cluster.detach(id));
    }
    problems.attempt(() -> taps.removeOthers(devices));
    problems.throwIfAny();
  }
}
