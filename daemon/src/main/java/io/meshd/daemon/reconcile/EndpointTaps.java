package io.meshd.daemon.reconcile;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.type.TypeReference;
import io.meshd.api.Json;
import io.meshd.daemon.disk.DurableFiles;
import io.meshd.daemon.linux.IpChanges;
import io.meshd.daemon.linux.Ipv6Interface;
import io.meshd.daemon.linux.Problems;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.EndpointRecord;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.dataplane.Dataplane;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.TapAttachment;
import io.meshd.dataplane.vxlan.VxlanOverhead;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * TAPs in namespaces that somebody else made, but for containers' ({@link ContainerTaps}). What was
 * put where is on disk before it is done: a namespace of others is not searched for leftovers, and
 * a path may lead to another one by then.
 */
final class EndpointTaps {
  private final Dataplane dataplane;
  private final Path file;
  private final Map<String, Placed> placed;
  private final Set<String> attached = new HashSet<>();
  private final ReplyPaths replyPaths;

  /** {@code inode}: of the namespace, which tells it from another under the same path. */
  private record Placed(
      @JsonProperty("netns") String netns,
      @JsonProperty("inode") long inode,
      @JsonProperty("device") String device) {}

  EndpointTaps(Dataplane dataplane, Path file, ReplyPaths replyPaths) throws IOException {
    this.dataplane = dataplane;
    this.replyPaths = replyPaths;
    this.file = file;
    Map<String, Placed> known = Map.of();
    try {
      known =
          Json.MAPPER.readValue(
              Files.readAllBytes(file), new TypeReference<Map<String, Placed>>() {});
    } catch (NoSuchFileException e) {
      // None yet.
    }
    this.placed = new TreeMap<>(known);
  }

  /** Attaches and addresses this node's endpoints. */
  void attach(ClusterState state, String nodeId) throws IOException {
    Problems problems = new Problems();
    for (EndpointRecord endpoint : state.endpoints().values()) {
      NetworkRecord network = state.networks().get(endpoint.attachment().networkId());
      if (endpoint.nodeId().equals(nodeId) && endpoint.container() == null && network != null) {
        problems.attempt(() -> attach(endpoint, network));
        problems.attempt(() -> lead(endpoint, state));
      }
    }
    problems.throwIfAny();
  }

  private void lead(EndpointRecord endpoint, ClusterState state) throws IOException {
    if (attached.contains(endpoint.id())) {
      replyPaths.bring(
          endpoint.id(),
          Path.of(endpoint.netns()),
          endpoint.interfaceName(),
          endpoint.attachment(),
          endpoint.serviceId(),
          state);
    }
  }

  private void attach(EndpointRecord endpoint, NetworkRecord network) throws IOException {
    OverlayNetwork.check(network);
    Path netns = Path.of(endpoint.netns());
    if (!Files.exists(netns)) {
      throw new IOException(
          "endpoint " + endpoint.name() + ": the network namespace " + netns + " is gone");
    }
    Placed place = new Placed(endpoint.netns(), inode(netns), endpoint.interfaceName());
    if (!place.equals(placed.get(endpoint.id()))) {
      placed.put(endpoint.id(), place);
      attached.remove(endpoint.id());
      DurableFiles.write(file, Json.bytes(placed));
    }
    dataplane.attachTap(
        new TapAttachment(PortNames.endpoint(endpoint.id()), netns, endpoint.interfaceName()));
    if (attached.contains(endpoint.id())) {
      return;
    }
    String device = endpoint.interfaceName();
    int mtu = OverlayNetwork.mtu(network, dataplane.underlayMtu());
    int length = OverlayNetwork.prefixLength(network);
    Ipv4Address address = Ipv4Address.parse(endpoint.attachment().address());
    Ipv4Address broadcast = new Ipv4Address(address.bits() | (int) (0xffff_ffffL >>> length));
    new IpChanges()
        .line(
            "link set dev "
                + device
                + " address "
                + endpoint.attachment().mac()
                + " mtu "
                + mtu
                + " gso_max_segs "
                + VxlanOverhead.segmentsPerBatch(mtu))
        .line("link set dev " + device + " up")
        .line(
            "address replace "
                + address
                + "/"
                + length
                + " broadcast "
                + broadcast
                + " dev "
                + device)
        .apply(netns);
    String ipv6 = network.ipv6WithPrefix(endpoint.attachment().address());
    if (ipv6 != null) {
      Ipv6Interface.bring(netns, device, ipv6);
    }
    attached.add(endpoint.id());
  }

  /** Removes what is no endpoint of this node any more. */
  void removeOthers(ClusterState state, String nodeId) throws IOException {
    Problems problems = new Problems();
    for (String id : List.copyOf(placed.keySet())) {
      EndpointRecord record = state.endpoints().get(id);
      if (record == null || !record.nodeId().equals(nodeId)) {
        problems.attempt(() -> remove(id));
      }
    }
    problems.throwIfAny();
  }

  void removeAll() throws IOException {
    Problems problems = new Problems();
    List.copyOf(placed.keySet()).forEach(id -> problems.attempt(() -> remove(id)));
    problems.throwIfAny();
  }

  private void remove(String id) throws IOException {
    Placed place = placed.get(id);
    dataplane.detachTap(PortNames.endpoint(id));
    attached.remove(id);
    if (place != null) {
      Path netns = Path.of(place.netns());
      if (Files.exists(netns) && inode(netns) == place.inode()) {
        replyPaths.remove(id, netns);
        new IpChanges().remove("link delete dev " + place.device()).apply(netns);
      }
    }
    replyPaths.forget(id);
    placed.remove(id);
    DurableFiles.write(file, Json.bytes(placed));
  }

  private static long inode(Path netns) throws IOException {
    return (Long) Files.getAttribute(netns, "unix:ino");
  }
}
