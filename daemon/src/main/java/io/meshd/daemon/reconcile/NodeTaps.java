package io.meshd.daemon.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.daemon.linux.IpChanges;
import io.meshd.daemon.linux.NetworkNamespaces;
import io.meshd.daemon.linux.Problems;
import io.meshd.daemon.linux.ToolRun;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.dataplane.Dataplane;
import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.ForwardingSpec.NodePort;
import io.meshd.dataplane.TapAttachment;
import io.meshd.dataplane.vxlan.VxlanOverhead;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The node's own TAP of every network it has, in the node namespace: the gateway's address with the
 * subnet's prefix, and beside it the node's own address as a /32.
 */
final class NodeTaps {
  private final Dataplane dataplane;
  private final Path netns;

  /** What each device was given in this run of the daemon, by network ID. */
  private final Map<String, NodePort> configured = new HashMap<>();

  private boolean strayGone;

  NodeTaps(Dataplane dataplane, Path netns) {
    this.dataplane = dataplane;
    this.netns = netns;
  }

  /** Attaches and addresses what the networks need. */
  void attach(ForwardingSpec spec, ClusterState state) throws IOException {
    Problems problems = new Problems();
    IpChanges changes = new IpChanges();
    Map<String, NodePort> done = new HashMap<>();
    for (ForwardingSpec.Network network : spec.networks()) {
      problems.attempt(
          () -> {
            NodePort port = Objects.requireNonNull(network.nodePort());
            String device = OverlayNetwork.nodeDevice(network.id());
            dataplane.attachTap(new TapAttachment(port.port(), netns, device));
            NetworkRecord record = Objects.requireNonNull(state.networks().get(network.id()));
            if (!port.equals(configured.get(network.id()))) {
              address(changes, device, record, port, configured.get(network.id()));
              done.put(network.id(), port);
            }
          });
    }
    problems.attempt(
        () -> {
          changes.apply(netns);
          configured.putAll(done);
        });
    problems.throwIfAny();
  }

  private void address(
      IpChanges changes,
      String device,
      NetworkRecord network,
      NodePort port,
      @Nullable NodePort before) {
    int mtu = OverlayNetwork.mtu(network, dataplane.underlayMtu());
    changes
        .line(
            "link set dev "
                + device
                + " address "
                + port.deviceMac()
                + " mtu "
                + mtu
                + " gso_max_segs "
                + VxlanOverhead.segmentsPerBatch(mtu))
        .line("link set dev " + device + " up")
        .line(
            "address replace "
                + network.gateway()
                + "/"
                + OverlayNetwork.prefixLength(network)
                + " dev "
                + device
                + " noprefixroute");
    if (before != null && before.address() != null && !before.equals(port)) {
      changes.remove("address delete " + before.address().ip() + "/32 dev " + device);
    }
    String source = network.gateway();
    if (port.address() != null) {
      source = port.address().ip().toString();
      changes.line("address replace " + source + "/32 dev " + device);
    }
    // What begins here comes from the node's own address: the gateway's is the same on every node,
    // so an answer to it would not find its way back.
    changes.line("route replace " + network.subnet() + " dev " + device + " src " + source);
  }

  /** Removes the devices of networks that this node has no more, of an earlier run too. */
  void removeOthers(ForwardingSpec spec) throws IOException {
    Set<String> needed = new HashSet<>();
    spec.networks().forEach(n -> needed.add(n.id()));
    for (String id : List.copyOf(configured.keySet())) {
      if (!needed.contains(id)) {
        dataplane.detachTap(PortNames.node(id));
        configured.remove(id);
      }
    }
    if (!strayGone) {
      removeStray(needed);
      strayGone = true;
    }
  }

  private void removeStray(Set<String> needed) throws IOException {
    List<String> command = new ArrayList<>(NetworkNamespaces.enter(netns));
    command.addAll(List.of(ToolRun.find("ip"), "-j", "link", "show"));
    ToolRun run = ToolRun.run(command, "");
    if (run.exit() != 0) {
      throw new IOException("ip link show: " + run.err().strip());
    }
    Set<String> wanted = new HashSet<>();
    needed.forEach(id -> wanted.add(OverlayNetwork.nodeDevice(id)));
    IpChanges changes = new IpChanges();
    for (JsonNode link : Json.MAPPER.readTree(run.out())) {
      String name = link.path("ifname").asText();
      if (name.startsWith(OverlayNetwork.NODE_DEVICE_PREFIX) && !wanted.contains(name)) {
        changes.remove("link delete dev " + name);
      }
    }
    changes.apply(netns);
  }
}
