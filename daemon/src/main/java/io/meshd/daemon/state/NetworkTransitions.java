package io.meshd.daemon.state;

import io.meshd.api.Networks;
import io.meshd.ipam.Cidr;
import io.meshd.ipam.Ipv4;
import io.meshd.ipam.SubnetAllocator;
import io.meshd.ipam.VniAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Overlay networks. */
final class NetworkTransitions {
  private NetworkTransitions() {}

  /** Docker's name for an explicit VNI; a list there, one number here as there is one subnet. */
  static final String VNI_OPTION = "com.docker.network.driver.overlay.vxlanid_list";

  static String create(Draft draft, Command.CreateNetwork command) {
    Networks.CreateRequest request = command.request();
    NetworkRequestCheck.check(request);
    draft.networks.values().stream()
        .filter(network -> network.name().equals(request.name()))
        .findAny()
        .ifPresent(
            network -> {
              throw alreadyExists("network with name " + network.name() + " already exists");
            });
    if (Boolean.TRUE.equals(request.ingress())) {
      throw alreadyExists("ingress network (" + draft.ingress().id() + ") is already present");
    }
    if (draft.networks.containsKey(command.id())) {
      throw alreadyExists("network with ID " + command.id() + " already exists");
    }
    NetworkRequestCheck.Addressing addressing = NetworkRequestCheck.addressing(request);
    NetworkRequestCheck.Addressing6 addressing6 = NetworkRequestCheck.addressing6(request);
    Cidr subnet = subnet(draft, request.name(), addressing.subnet());
    String gateway = addressing.gateway() == null ? defaultGateway(subnet) : addressing.gateway();
    Ipv6Subnet ipv6 =
        Boolean.TRUE.equals(request.enableIpv6())
            ? Ipv6Subnets.of(draft, request.name(), addressing6, subnet, gateway)
            : null;
    Map<String, String> options = orEmpty(request.options());
    int vni = vni(draft, options.get(VNI_OPTION));
    draft.networks =
        draft.networks.plus(
            command.id(),
            new NetworkRecord(
                command.id(),
                draft.version(),
                draft.at(),
                request.name(),
                vni,
                subnet.toString(),
                addressing.range() == null ? null : addressing.range().toString(),
                gateway,
                Boolean.TRUE.equals(request.attachable()),
                Boolean.TRUE.equals(request.internal()),
                false,
                options,
                orEmpty(request.labels()),
                null,
                ipv6));
    return command.id();
  }

  static String defaultGateway(Cidr subnet) {
    return Ipv4.format(subnet.at(1));
  }

  private static Map<String, String> orEmpty(@Nullable Map<String, String> map) {
    return map == null ? Map.of() : map;
  }

  private static Cidr subnet(Draft draft, String name, @Nullable Cidr chosen) {
    if (chosen != null) {
      refuseOverlap(draft, name, chosen);
      return chosen;
    }
    ClusterRecord cluster = draft.requireCluster();
    List<Cidr> pools = cluster.addressPools().stream().map(Cidr::parse).toList();
    List<Cidr> taken = new ArrayList<>();
    draft.networks.values().forEach(network -> taken.add(Cidr.parse(network.subnet())));
    underlay(draft).forEach(taken::add);
    return new SubnetAllocator(pools, cluster.subnetSize())
        .next(taken)
        .orElseThrow(
            () ->
                new Refusal(
                    Outcome.Reason.NO_SPACE,
                    "could not find an available, non-overlapping IPv4 address pool among the"
                        + " defaults to assign to the network"));
  }

  /** The nodes' addresses outside: a subnet over one of them would cut its node off. */
  private static Stream<Cidr> underlay(Draft draft) {
    return draft.nodes.values().stream()
        .filter(node -> !node.vtep().isEmpty())
        .map(node -> new Cidr(Ipv4.parse(node.vtep()), 32));
  }

  static void refuseOverlap(Draft draft, String name, Cidr chosen) {
    for (NetworkRecord other : Draft.sorted(draft.networks)) {
      if (Cidr.parse(other.subnet()).overlaps(chosen)) {
        throw Refusal.invalid(
            "Pool overlaps with other one on this address space: subnet "
                + chosen
                + " of network "
                + name
                + " overlaps with subnet "
                + other.subnet()
                + " of network "
                + other.name());
      }
    }
    for (NodeRecord node : Draft.sorted(draft.nodes)) {
      if (!node.vtep().isEmpty() && chosen.contains(Ipv4.parse(node.vtep()))) {
        throw Refusal.invalid(
            "subnet "
                + chosen
                + " of network "
                + name
                + " contains "
                + node.vtep()
                + ", the address of node "
                + node.hostname());
      }
    }
  }

  /** The chosen one, or else the next. */
  static int vni(Draft draft, @Nullable String chosen) {
    List<NetworkRecord> networks = Draft.sorted(draft.networks);
    if (chosen != null) {
      int vni = parseVni(chosen);
      for (NetworkRecord other : networks) {
        if (other.vni() == vni) {
          throw Refusal.invalid(
              "VXLAN ID " + vni + " is already in use by network " + other.name());
        }
      }
      return vni;
    }
    VniAllocator allocator =
        new VniAllocator(networks.stream().map(NetworkRecord::vni).toList(), draft.nextVni);
    OptionalInt vni = allocator.allocate();
    if (vni.isEmpty()) {
      throw new Refusal(Outcome.Reason.NO_SPACE, "no VXLAN ID is left");
    }
    draft.nextVni = allocator.next();
    return vni.getAsInt();
  }

  private static int parseVni(String text) {
    int vni = text.matches("[0-9]{1,8}") ? Integer.parseInt(text) : 0;
    if (vni < 1 || vni > VniAllocator.LAST) {
      throw Refusal.invalid(
          "invalid VXLAN ID \""
              + text
              + "\" in option "
              + VNI_OPTION
              + ": it must be one number between 1 and "
              + VniAllocator.LAST);
    }
    return vni;
  }

  /** Refused while a service, a task that is to run, or an attached endpoint needs it. */
  static String remove(Draft draft, Command.RemoveNetwork command) {
    NetworkRecord network = draft.network(command.network());
    String id = network.id();
    if (network.ingress()) {
      throw new Refusal(
          Outcome.Reason.FAILED_PRECONDITION, "the ingress network cannot be removed");
    }
    for (ServiceRecord service : Draft.sorted(draft.services)) {
      if (ServiceSpecs.networks(service.spec()).stream().anyMatch(n -> n.target().equals(id))) {
        throw inUse(id, "service " + service.id());
      }
    }
    for (TaskRecord task : Draft.sorted(draft.tasks)) {
      boolean stays = task.desiredState().compareTo(TaskState.RUNNING) <= 0;
      if (stays && on(task, id)) {
        throw inUse(id, "task " + task.id());
      }
    }
    for (EndpointRecord endpoint : Draft.sorted(draft.endpoints)) {
      if (endpoint.attachment().networkId().equals(id)) {
        if (network.swarm() == null || !SwarmTransitions.gone(draft, endpoint)) {
          throw inUse(id, "endpoint " + endpoint.id());
        }
        draft.endpoints = draft.endpoints.minus(endpoint.id());
      }
    }
    // Tasks on their way out do not keep the network, as in Swarm; nothing may name it afterwards.
    for (TaskRecord task : Draft.sorted(draft.tasks)) {
      if (on(task, id)) {
        TaskTransitions.detach(draft, task, id);
      }
    }
    for (NodeAddress address : Draft.sorted(draft.nodeAddresses)) {
      if (address.attachment().networkId().equals(id)) {
        draft.nodeAddresses = draft.nodeAddresses.minus(NodeAddress.key(id, address.nodeId()));
      }
    }
    draft.networks = draft.networks.minus(id);
    draft.forgetNetwork(id);
    return id;
  }

  private static boolean on(TaskRecord task, String networkId) {
    return task.attachments().stream().anyMatch(a -> a.networkId().equals(networkId));
  }

  private static Refusal inUse(String networkId, String by) {
    return new Refusal(
        Outcome.Reason.FAILED_PRECONDITION, "network " + networkId + " is in use by " + by);
  }

  private static Refusal alreadyExists(String message) {
    return new Refusal(Outcome.Reason.ALREADY_EXISTS, message);
  }
}
