package io.meshd.daemon.state;

import io.meshd.ipam.Cidr;
import io.meshd.ipam.Ipv4;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Endpoints that no task has: namespaces that somebody else made, and containers. */
final class EndpointTransitions {
  private EndpointTransitions() {}

  private static final int NAME_FROM_ID = 12;

  static String attach(Draft draft, Command.AttachEndpoint command) {
    NodeRecord node = draft.node(command.nodeId());
    NetworkRecord network = draft.network(command.network());
    requireAttachable(network);
    if (command.netns().isEmpty()) {
      throw Refusal.invalid("the network namespace to attach must be given");
    }
    String name = name(draft, command.name(), command.id());
    String serviceId = serviceId(draft, command.service(), network);
    for (EndpointRecord other : Draft.sorted(draft.endpoints)) {
      if (there(other, node, command.netns())
          && other.attachment().networkId().equals(network.id())) {
        throw new Refusal(
            Outcome.Reason.ALREADY_EXISTS,
            "endpoint "
                + other.name()
                + " already attaches this namespace to network "
                + network.name());
      }
    }
    requireNew(draft, command.id());
    draft.endpoints =
        draft.endpoints.plus(
            command.id(),
            new EndpointRecord(
                command.id(),
                draft.version(),
                draft.at(),
                name,
                serviceId,
                node.id(),
                command.netns(),
                interfaceName(draft, node, command.netns()),
                attachment(draft, network, command.address())));
    return command.id();
  }

  private static void requireAttachable(NetworkRecord network) {
    if (!network.attachable()) {
      throw new Refusal(
          Outcome.Reason.FORBIDDEN, "network " + network.name() + " not manually attachable");
    }
  }

  private static void requireNew(Draft draft, String id) {
    if (draft.endpoints.containsKey(id)) {
      throw new Refusal(
          Outcome.Reason.ALREADY_EXISTS, "endpoint with ID " + id + " already exists");
    }
  }

  /** An address for a container, whose names its node says later. */
  static String attachContainer(Draft draft, Command.AttachContainer command) {
    NodeRecord node = draft.node(command.nodeId());
    NetworkRecord network = draft.network(command.network());
    if (network.swarm() != null && command.address() != null) {
      SwarmTransitions.free(draft, network, command.address());
    } else {
      requireAttachable(network);
    }
    requireNew(draft, command.id());
    draft.endpoints =
        draft.endpoints.plus(
            command.id(),
            new EndpointRecord(
                command.id(),
                draft.version(),
                draft.at(),
                nameFrom(command.id()),
                null,
                node.id(),
                "",
                "",
                attachment(draft, network, command.address()),
                EndpointRecord.Container.UNNAMED));
    return command.id();
  }

  /** Says what a node's containers are called; those that are gone meanwhile are left out. */
  static String nameContainers(Draft draft, Command.NameContainers command) {
    for (Command.ContainerName named : command.containers()) {
      EndpointRecord endpoint = draft.endpoints.get(named.endpointId());
      if (endpoint == null
          || endpoint.container() == null
          || !endpoint.nodeId().equals(command.nodeId())) {
        continue;
      }
      var container = new EndpointRecord.Container(named.containerId(), named.aliases());
      if (container.equals(endpoint.container()) && named.name().equals(endpoint.name())) {
        continue;
      }
      draft.endpoints =
          draft.endpoints.plus(
              endpoint.id(),
              new EndpointRecord(
                  endpoint.id(),
                  draft.version(),
                  endpoint.createdAt(),
                  named.name(),
                  endpoint.serviceId(),
                  endpoint.nodeId(),
                  endpoint.netns(),
                  endpoint.interfaceName(),
                  endpoint.attachment(),
                  container));
    }
    return "";
  }

  private static String nameFrom(String id) {
    return id.substring(0, Math.min(NAME_FROM_ID, id.length()));
  }

  private static String name(Draft draft, @Nullable String wanted, String id) {
    if (wanted == null || wanted.isEmpty()) {
      return nameFrom(id);
    }
    Names.check(wanted);
    if (draft.endpoints.values().stream()
        .anyMatch(e -> e.container() == null && e.name().equals(wanted))) {
      throw new Refusal(
          Outcome.Reason.ALREADY_EXISTS, "endpoint with name " + wanted + " already exists");
    }
    return wanted;
  }

  private static @Nullable String serviceId(
      Draft draft, @Nullable String reference, NetworkRecord network) {
    if (reference == null || reference.isEmpty()) {
      return null;
    }
    ServiceRecord service = draft.service(reference);
    boolean on =
        ServiceSpecs.networks(service.spec()).stream()
            .anyMatch(config -> config.target().equals(network.id()));
    if (!on) {
      throw Refusal.invalid(
          "service " + service.name() + " is not attached to network " + network.name());
    }
    return service.id();
  }

  private static boolean there(EndpointRecord endpoint, NodeRecord node, String netns) {
    return endpoint.nodeId().equals(node.id()) && endpoint.netns().equals(netns);
  }

  /** The first of eth0, eth1, ... that no other endpoint of the namespace has. */
  private static String interfaceName(Draft draft, NodeRecord node, String netns) {
    Set<String> used =
        draft.endpoints.values().stream()
            .filter(endpoint -> there(endpoint, node, netns))
            .map(EndpointRecord::interfaceName)
            .collect(Collectors.toSet());
    int number = 0;
    while (used.contains("eth" + number)) {
      number++;
    }
    return "eth" + number;
  }

  private static Attachment attachment(
      Draft draft, NetworkRecord network, @Nullable String wanted) {
    if (wanted == null || wanted.isEmpty()) {
      return draft.attach(network).orElseThrow(() -> ServiceAddresses.full(network));
    }
    int address;
    try {
      address = Ipv4.parse(wanted);
    } catch (IllegalArgumentException e) {
      throw Refusal.invalid("invalid IPv4 address: " + wanted);
    }
    if (!Cidr.parse(network.subnet()).contains(address)) {
      throw Refusal.invalid(
          "no configured subnet contains IP address "
              + wanted
              + ": network "
              + network.name()
              + " has "
              + network.subnet());
    }
    Optional<Attachment> attachment = draft.attach(network, address);
    return attachment.orElseThrow(
        () -> new Refusal(Outcome.Reason.FORBIDDEN, "Address already in use: " + wanted));
  }

  static String detach(Draft draft, Command.DetachEndpoint command) {
    EndpointRecord endpoint = draft.endpoint(command.endpoint());
    draft.endpoints = draft.endpoints.minus(endpoint.id());
    return endpoint.id();
  }

  static void leaveService(Draft draft, EndpointRecord endpoint) {
    draft.endpoints =
        draft.endpoints.plus(
            endpoint.id(),
            new EndpointRecord(
                endpoint.id(),
                draft.version(),
                endpoint.createdAt(),
                endpoint.name(),
                null,
                endpoint.nodeId(),
                endpoint.netns(),
                endpoint.interfaceName(),
                endpoint.attachment(),
                endpoint.container()));
  }
}
