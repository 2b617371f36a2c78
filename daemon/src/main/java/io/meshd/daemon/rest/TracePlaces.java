package io.meshd.daemon.rest;

import io.meshd.api.Traces;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.EndpointRecord;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.ipam.Cidr;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Who is who in a trace, by the state. */
final class TracePlaces {
  /** An address outside, for a client of whom nothing is said (RFC 5737). */
  private static final String SOME_CLIENT = "192.0.2.1";

  private final ClusterState state;

  TracePlaces(ClusterState state) {
    this.state = state;
  }

  /** Where a packet begins. */
  sealed interface Source permits Place, Client {
    String label();
  }

  /**
   * A task, or an endpoint that somebody else runs.
   *
   * @param runs whether it has a place in its node's switch
   */
  record Place(
      String label, Traces.Owner owner, String nodeId, List<Attachment> attachments, boolean runs)
      implements Source {}

  /** Somebody outside. */
  record Client(String label, String address) implements Source {}

  /**
   * @param text a task's or endpoint's name, ID or part of it, the ID of a container, an address, a
   *     node, or {@code client}
   * @throws ApiException 404 for what is none of these, 400 where it may be several
   */
  Source source(String text) {
    if (text.equals("client")) {
      return new Client("client", SOME_CLIENT);
    }
    if (isAddress(text)) {
      Place place = at(text);
      return place == null ? new Client("client " + text, text) : place;
    }
    List<Place> named = new ArrayList<>();
    for (TaskRecord task : state.tasks().values()) {
      String slot = task.serviceName() + "." + task.slot();
      String container = task.status().containerId();
      boolean current = task.reachable() && text.equals(slot);
      if (current
          || task.name().equals(text)
          || task.id().startsWith(text)
          || (container != null && container.startsWith(text))) {
        named.add(place(task));
      }
    }
    for (EndpointRecord endpoint : state.endpoints().values()) {
      EndpointRecord.Container container = endpoint.container();
      if (endpoint.name().equals(text)
          || endpoint.id().startsWith(text)
          || (container != null && !text.isEmpty() && container.id().startsWith(text))) {
        named.add(place(endpoint));
      }
    }
    if (named.size() > 1) {
      throw new ApiException(
          400, "source %s is ambiguous (%d matches found)".formatted(text, named.size()));
    }
    if (named.size() == 1) {
      return named.getFirst();
    }
    NodeRecord node = node(text);
    if (node != null) {
      return new Client("node " + node.hostname(), addressOf(node));
    }
    throw new ApiException(404, "no task, endpoint, address or node is called " + text);
  }

  private static Place place(TaskRecord task) {
    return new Place(
        task.name(),
        new Traces.Owner("task", task.id()),
        task.nodeId(),
        task.attachments(),
        task.reachable());
  }

  private static Place place(EndpointRecord endpoint) {
    return new Place(
        endpoint.name().isEmpty() ? endpoint.id() : endpoint.name(),
        new Traces.Owner("endpoint", endpoint.id()),
        endpoint.nodeId(),
        List.of(endpoint.attachment()),
        true);
  }

  /** Who has an address on some network; null for nobody. */
  private @Nullable Place at(String address) {
    for (TaskRecord task : state.tasks().values()) {
      if (task.reachable() && has(task.attachments(), address)) {
        return place(task);
      }
    }
    for (EndpointRecord endpoint : state.endpoints().values()) {
      if (has(List.of(endpoint.attachment()), address)) {
        return place(endpoint);
      }
    }
    return null;
  }

  private static boolean has(List<Attachment> attachments, String address) {
    return attachments.stream().anyMatch(one -> one.address().equals(address));
  }

  /** What a task or endpoint is called; null for one that the state does not have. */
  @Nullable String name(String id) {
    TaskRecord task = state.tasks().get(id);
    EndpointRecord endpoint = state.endpoints().get(id);
    return task != null ? task.name() : endpoint == null ? null : endpoint.name();
  }

  /** By hostname, ID or address; null for none. */
  @Nullable NodeRecord node(String text) {
    return state.nodes().values().stream()
        .filter(
            node ->
                node.id().equals(text)
                    || node.hostname().equals(text)
                    || addressOf(node).equals(text))
        .findFirst()
        .orElse(null);
  }

  @Nullable NodeRecord nodeOfVtep(String vtep) {
    return state.nodes().values().stream()
        .filter(node -> node.vtep().equals(vtep))
        .findFirst()
        .orElse(null);
  }

  /** Where others reach it. */
  static String addressOf(NodeRecord node) {
    return node.controlAddress().substring(0, node.controlAddress().lastIndexOf(':'));
  }

  String hostname(String nodeId) {
    NodeRecord node = state.nodes().get(nodeId);
    return node == null ? nodeId : node.hostname();
  }

  NetworkRecord network(String id) {
    return Objects.requireNonNull(state.networks().get(id));
  }

  /** The one of these on whose network's link the address is; null for none. */
  @Nullable Attachment onLink(List<Attachment> attachments, String address) {
    return attachments.stream()
        .filter(one -> isIn(network(one.networkId()), address))
        .findFirst()
        .orElse(null);
  }

  static boolean isIn(NetworkRecord network, String address) {
    return Cidr.parse(network.subnet()).contains(bits(address));
  }

  static boolean isAddress(String text) {
    try {
      return InetAddress.ofLiteral(text) instanceof Inet4Address;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static int bits(String address) {
    return ByteBuffer.wrap(InetAddress.ofLiteral(address).getAddress()).getInt();
  }
}
