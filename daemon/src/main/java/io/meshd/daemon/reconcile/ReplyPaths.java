package io.meshd.daemon.reconcile;

import io.meshd.daemon.linux.ReplyRoutes;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NetworkRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rules in namespaces of tasks and endpoints by which answers to clients under their own
 * address go back over the overlay. They come and go with the published ports, whatever else the
 * namespace is doing.
 */
final class ReplyPaths {
  private static final ReplyRoutes NOTHING = new ReplyRoutes("", "", "", "", Set.of());

  private final PreservedPorts ports;

  /** What each was given in this run of the daemon, by the ID of the task or endpoint. */
  private final Map<String, ReplyRoutes> placed = new HashMap<>();

  /**
   * @param ports as the switch has them
   */
  ReplyPaths(PreservedPorts ports) {
    this.ports = ports;
  }

  /**
   * Brings a namespace to what is published of its service.
   *
   * @param device the namespace's interface on the attachment's network
   */
  void bring(
      String id,
      Path netns,
      String device,
      Attachment attachment,
      @Nullable String serviceId,
      ClusterState state)
      throws IOException {
    NetworkRecord network = state.networks().get(attachment.networkId());
    if (network == null) {
      return;
    }
    ReplyRoutes wanted =
        new ReplyRoutes(
            device,
            attachment.address(),
            network.subnet(),
            network.gateway(),
            Set.copyOf(ports.ofService(serviceId)));
    ReplyRoutes before = placed.get(id);
    if (!wanted.equals(before)) {
      if (before == null || !before.ports().isEmpty() || !wanted.ports().isEmpty()) {
        wanted.bring(netns);
      }
      placed.put(id, wanted);
    }
  }

  /** The namespace is new: nothing is in it that an earlier daemon left. */
  void begin(String id) {
    placed.put(id, NOTHING);
  }

  /** The namespace is gone, or will be without it. */
  void forget(String id) {
    placed.remove(id);
  }

  /** Removes the rules, from a namespace that stays. */
  void remove(String id, Path netns) throws IOException {
    ReplyRoutes before = placed.remove(id);
    if (before != null) {
      before.without().bring(netns);
    }
  }
}
