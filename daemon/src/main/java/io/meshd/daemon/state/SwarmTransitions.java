package io.meshd.daemon.state;

import io.meshd.ipam.Cidr;
import io.meshd.ipam.Ipv4;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Networks whose addresses and services a Docker Swarm decides. */
final class SwarmTransitions {
  private SwarmTransitions() {}

  /**
   * @return the cluster's ID of the network, also where it was adopted before
   */
  static String adopt(Draft draft, Command.AdoptNetwork command) {
    Cidr subnet = subnet(command.subnet());
    for (NetworkRecord network : Draft.sorted(draft.networks)) {
      SwarmNetwork swarm = network.swarm();
      if (swarm != null && swarm.id().equals(command.swarmId())) {
        if (!network.subnet().equals(subnet.toString())) {
          throw Refusal.invalid(
              "network " + network.name() + " has the subnet " + network.subnet() + " already");
        }
        return network.id();
      }
    }
    NetworkTransitions.refuseOverlap(draft, command.name(), subnet);
    if (draft.networks.containsKey(command.id())) {
      throw new Refusal(
          Outcome.Reason.ALREADY_EXISTS, "network with ID " + command.id() + " already exists");
    }
    boolean taken = draft.networks.values().stream().anyMatch(n -> n.name().equals(command.name()));
    draft.networks =
        draft.networks.plus(
            command.id(),
            new NetworkRecord(
                command.id(),
                draft.version(),
                draft.at(),
                taken ? command.swarmId() : command.name(),
                NetworkTransitions.vni(draft, null),
                subnet.toString(),
                null,
                gateway(command.gateway(), subnet),
                false,
                false,
                false,
                command.options(),
                Map.of(),
                new SwarmNetwork(command.swarmId(), List.of()),
                null));
    return command.id();
  }

  private static Cidr subnet(String text) {
    try {
      return Cidr.parse(text);
    } catch (IllegalArgumentException e) {
      throw Refusal.invalid("invalid CIDR address: " + text);
    }
  }

  private static String gateway(@Nullable String chosen, Cidr subnet) {
    if (chosen == null) {
      return NetworkTransitions.defaultGateway(subnet);
    }
    int address = address(chosen);
    if (!subnet.contains(address)) {
      throw Refusal.invalid("the gateway " + chosen + " is not in the subnet " + subnet);
    }
    return Ipv4.format(address);
  }

  private static int address(String text) {
    try {
      return Ipv4.parse(text);
    } catch (IllegalArgumentException e) {
      throw Refusal.invalid("invalid IPv4 address: " + text);
    }
  }

  static String follow(Draft draft, Command.FollowServices command) {
    NetworkRecord network = draft.network(command.network());
    SwarmNetwork before = network.swarm();
    if (before == null) {
      throw Refusal.invalid("network " + network.name() + " is not a Docker Swarm's");
    }
    Cidr subnet = Cidr.parse(network.subnet());
    for (SwarmNetwork.Service service : command.services()) {
      if (!subnet.contains(address(service.virtualIp()))) {
        throw Refusal.invalid(
            "the virtual IP " + service.virtualIp() + " is not in the subnet " + subnet);
      }
      service.backends().forEach(SwarmTransitions::address);
      service.draining().forEach(SwarmTransitions::address);
    }
    if (!before.services().equals(command.services())) {
      draft.networks =
          draft.networks.plus(
              network.id(),
              network.withSwarm(
                  draft.version(), new SwarmNetwork(before.id(), command.services())));
    }
    return network.id();
  }

  /** Its node is down: the Swarm has given it up, and the node cannot say so. */
  static boolean gone(Draft draft, EndpointRecord endpoint) {
    NodeRecord node = draft.nodes.get(endpoint.nodeId());
    return node == null || node.status() == NodeRecord.NodeState.DOWN;
  }

  /**
   * The Swarm has given an address to somebody: whoever had it has it no more, and could not say
   * so.
   */
  static void free(Draft draft, NetworkRecord network, String address) {
    for (EndpointRecord endpoint : Draft.sorted(draft.endpoints)) {
      Attachment attachment = endpoint.attachment();
      if (attachment.networkId().equals(network.id()) && attachment.address().equals(address)) {
        draft.endpoints = draft.endpoints.minus(endpoint.id());
      }
    }
  }
}
