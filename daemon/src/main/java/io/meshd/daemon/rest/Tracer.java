package io.meshd.daemon.rest;

import io.meshd.api.Services;
import io.meshd.api.Traces;
import io.meshd.api.Traces.Backend;
import io.meshd.api.Traces.End;
import io.meshd.api.Traces.Outcome;
import io.meshd.api.Traces.Trace;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NodeAddress;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.TaskRecord;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Follows one first packet from node to node, and the answer to it back. Every step is asked of the
 * node that would take it; what is known here is only who is where.
 *
 * <pre>
 *  task or endpoint: {@link #fromPlace}: name -> network -> {@link OverlayTrace}
 *  client:           {@link #fromClient}: listener -> backend -> {@link OverlayTrace} from the node
 *  {@link OverlayTrace}: the sender's switch -> VXLAN -> the receiver's switch -> the answer's way back
 * </pre>
 */
final class Tracer {
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int ICMP = 1;
  private static final int FIRST_PORT = 32_768;
  private static final int PORTS = 28_000;

  private final ClusterState state;
  private final TracePlaces places;
  private final TraceRun run;
  private final OverlayTrace overlay;
  private final String to;
  private final int port;
  private final int protocol;

  /**
   * @param to a name or an address
   * @param port 0 for a ping
   * @param protocol tcp or udp
   */
  Tracer(ClusterState state, NodeQuestions nodes, String to, int port, String protocol) {
    this.state = state;
    this.run = new TraceRun(state, nodes);
    this.places = run.places();
    this.to = to;
    this.port = port;
    this.protocol = port == 0 ? ICMP : protocol.equals("udp") ? UDP : TCP;
    this.overlay = new OverlayTrace(run, this.protocol);
  }

  Trace trace(String from) throws InterruptedException {
    TracePlaces.Source source = places.source(from);
    String target = port == 0 ? to : to + ":" + port + "/" + (protocol == UDP ? "udp" : "tcp");
    try {
      switch (source) {
        case TracePlaces.Place place -> fromPlace(place);
        case TracePlaces.Client client -> fromClient(client.address());
      }
      return new Trace(source.label(), target, Outcome.ARRIVES, null, null, run.hops());
    } catch (TraceRun.Stop stop) {
      return new Trace(
          source.label(), target, stop.outcome, stop.reason, stop.getMessage(), run.hops());
    }
  }

  // 1. Somebody on a network.

  private void fromPlace(TracePlaces.Place place) throws TraceRun.Stop, InterruptedException {
    if (place.nodeId().isEmpty() || !place.runs()) {
      throw TraceRun.end(End.NOT_RUNNING);
    }
    String address = TracePlaces.isAddress(to) ? to : named(place);
    Attachment at = places.onLink(place.attachments(), address);
    if (at == null) {
      wayOut(place, address);
      return;
    }
    if (address.equals(at.address())) {
      run.hop(place.nodeId(), "switch", address + " is its own: no packet leaves its namespace");
      return;
    }
    overlay.follow(
        place.nodeId(),
        place.owner(),
        at.networkId(),
        new OverlayTrace.Packet(at.address(), somePort(), address, port),
        at.address());
  }

  /** Asked as the task's resolver does: at the gateway of its first network. */
  private String named(TracePlaces.Place place) throws TraceRun.Stop, InterruptedException {
    Attachment first =
        place.attachments().stream()
            .filter(one -> !places.network(one.networkId()).ingress())
            .findFirst()
            .orElse(null);
    if (first == null) {
      throw TraceRun.end(End.NO_NETWORK);
    }
    String gateway = places.network(first.networkId()).gateway();
    Traces.Names names =
        Objects.requireNonNull(
            run.ask(place.nodeId(), new Traces.Name(gateway, first.address(), to)).names());
    if (names.outcome().equals("dns.forward.sent")) {
      run.hop(
          place.nodeId(),
          "name",
          to + " is no name of the swarm's: the node's resolvers are asked");
      throw new TraceRun.Stop(Outcome.LEAVES, null, "an outside name");
    }
    if (names.addresses().isEmpty()) {
      run.hop(
          place.nodeId(),
          "name",
          gateway + " knows no address of " + to + " for " + first.address());
      throw new TraceRun.Stop(
          Outcome.ENDS, names.outcome(), "no network of the source has that name");
    }
    run.hop(place.nodeId(), "name", to + " is " + String.join(", ", names.addresses()));
    return names.addresses().getFirst();
  }

  /** To an address that is on none of its networks. */
  private void wayOut(TracePlaces.Place place, String address)
      throws TraceRun.Stop, InterruptedException {
    for (NetworkRecord network : state.networks().values()) {
      if (TracePlaces.isIn(network, address)) {
        throw new TraceRun.Stop(
            Outcome.ENDS,
            End.NOT_ATTACHED.word(),
            "%s is of network %s, and the source is not on it".formatted(address, network.name()));
      }
    }
    NodeRecord sender = run.node(place.nodeId());
    NodeRecord node = places.node(address);
    run.hop(
        place.nodeId(),
        "way-out",
        "by eth1 and NAT, as %s".formatted(TracePlaces.addressOf(sender)));
    if (node == null || port == 0) {
      throw new TraceRun.Stop(Outcome.LEAVES, null, "an address of no network");
    }
    publishedPort(node, TracePlaces.addressOf(sender), address);
  }

  // 2. Somebody outside, at a published port.

  private void fromClient(String client) throws TraceRun.Stop, InterruptedException {
    NodeRecord node = places.node(to);
    if (node == null) {
      throw new ApiException(
          404, "a client reaches nodes and their published ports; no node is called " + to);
    }
    if (port == 0) {
      throw new ApiException(400, "a client needs a published port: NODE:PORT");
    }
    publishedPort(node, client, TracePlaces.addressOf(node));
  }

  private void publishedPort(NodeRecord node, String client, String asked)
      throws TraceRun.Stop, InterruptedException {
    String name = port + "/" + (protocol == UDP ? "udp" : "tcp");
    String word = protocol == UDP ? "udp" : "tcp";
    Traces.Port found = run.ask(node.id(), new Traces.Connect(word, port, client, asked)).port();
    if (found == null) {
      hostPort(node, name, word);
      return;
    }
    if (found.problem() != null) {
      run.hop(node.id(), "listener", found.problem());
      throw new TraceRun.Stop(
          Outcome.ENDS, "ingress.listener.bind_failed", "the port is not answered on this node");
    }
    List<Backend> backends = run.named(found.backends());
    Backend chosen = backends.stream().filter(Backend::chosen).findFirst().orElse(null);
    if (chosen == null) {
      run.hop(
          node.id(),
          "listener",
          "%s of service %s: bound, not listening".formatted(name, found.service()));
      throw new TraceRun.Stop(
          Outcome.ENDS,
          "ingress.failed.no_backend",
          "no task is ready, so the node's kernel refuses");
    }
    run.hop(node.id(), "listener", "%s of service %s".formatted(name, found.service()));
    boolean preserved = found.preservedFrom() != 0;
    String seen =
        preserved
            ? "the task sees the client's address"
            : found.mode().equals("proxy-v2")
                ? "proxied, the client in a PROXY header"
                : "proxied, the task sees the node's address";
    String fallback = found.fallback();
    run.hop(
        node.id(),
        "backend",
        "%s at %s:%d, %s; %s%s"
            .formatted(
                TraceRun.nameOf(chosen),
                chosen.address(),
                found.targetPort(),
                TraceRun.how(found.byClient(), "connections"),
                seen,
                fallback == null ? "" : " (" + fallback + ")"),
        backends);
    fromNode(node, client, chosen.address(), found);
  }

  private void fromNode(NodeRecord node, String client, String backend, Traces.Port found)
      throws TraceRun.Stop, InterruptedException {
    NetworkRecord network = networkOf(backend);
    NodeAddress own = state.nodeAddresses().get(NodeAddress.key(network.id(), node.id()));
    if (own == null) {
      throw TraceRun.end(End.NO_ADDRESS);
    }
    int slice = found.preservedFrom();
    String source = slice == 0 ? own.attachment().address() : client;
    overlay.follow(
        node.id(),
        new Traces.Owner("node", ""),
        network.id(),
        new OverlayTrace.Packet(
            source, slice == 0 ? somePort() : slice, backend, found.targetPort()),
        own.attachment().address());
  }

  /** The network of a task's first attachment, which published ports lead to. */
  private NetworkRecord networkOf(String address) throws TraceRun.Stop {
    for (NetworkRecord network : state.networks().values()) {
      if (TracePlaces.isIn(network, address)) {
        return network;
      }
    }
    throw TraceRun.end(End.NOT_ATTACHED);
  }

  private void hostPort(NodeRecord node, String name, String word) throws TraceRun.Stop {
    for (TaskRecord task : state.tasks().values()) {
      List<Services.PortConfig> ports = task.status().hostPorts();
      if (!task.nodeId().equals(node.id()) || !task.reachable() || ports == null) {
        continue;
      }
      for (Services.PortConfig each : ports) {
        Integer published = each.publishedPort();
        if (published != null && published == port && word.equals(each.protocol())) {
          run.hop(
              node.id(),
              "host-port",
              "%s leads to task %s by destination NAT, in the kernel".formatted(name, task.name()));
          return;
        }
      }
    }
    run.hop(node.id(), "listener", "no service publishes " + name + " on this node");
    throw TraceRun.end(End.PORT_NOT_PUBLISHED);
  }

  private static int somePort() {
    return FIRST_PORT + ThreadLocalRandom.current().nextInt(PORTS);
  }
}
