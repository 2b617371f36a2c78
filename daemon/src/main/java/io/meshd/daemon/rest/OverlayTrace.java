package io.meshd.daemon.rest;

import io.meshd.api.Traces;
import io.meshd.api.Traces.Backend;
import io.meshd.api.Traces.End;
import io.meshd.api.Traces.Frame;
import io.meshd.api.Traces.Outcome;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NodeRecord;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The way of a packet over one network: the sender's switch, VXLAN, the receiver's switch, and the
 * answer's way back.
 */
final class OverlayTrace {
  private final TraceRun run;
  private final int protocol;

  /** {@code protocol}: as in the IPv4 header. */
  OverlayTrace(TraceRun run, int protocol) {
    this.run = run;
    this.protocol = protocol;
  }

  /** Who sends what to whom; ports are 0 for ICMP. */
  record Packet(String source, int sourcePort, String destination, int destinationPort) {
    Packet turned() {
      return new Packet(
          /* source= */ destination,
          /* sourcePort= */ destinationPort,
          /* destination= */ source,
          /* destinationPort= */ sourcePort);
    }
  }

  /**
   * @param own the sender's own address on the network
   */
  void follow(String nodeId, Traces.Owner owner, String networkId, Packet packet, String own)
      throws TraceRun.Stop, InterruptedException {
    Frame sent = send(nodeId, owner, networkId, packet, own, packet.destination(), false);
    if (sent.neighbor() != null) {
      run.hop(nodeId, "neighbour", "%s is at %s".formatted(packet.destination(), sent.neighbor()));
    }
    if (sent.service() != null && sent.answered() == null && sent.dropped() == null) {
      String chosen =
          run.named(sent.backends()).stream()
              .filter(Backend::chosen)
              .findFirst()
              .map(TraceRun::nameOf)
              .orElse(sent.destination());
      run.hop(
          nodeId,
          "virtual-ip",
          "%s (%s) gives %s at %s, %s"
              .formatted(
                  sent.service(),
                  packet.destination(),
                  chosen,
                  sent.destination(),
                  TraceRun.how(sent.byClient(), "flows")),
          run.named(sent.backends()));
    } else if (sent.service() != null) {
      run.hop(
          nodeId,
          "virtual-ip",
          "%s (%s) has %d backends"
              .formatted(sent.service(), packet.destination(), run.named(sent.backends()).size()),
          run.named(sent.backends()));
    }
    requirePassed(nodeId, "switch", sent);
    if (sent.answered() != null) {
      answeredBySwitch(nodeId, sent);
      return;
    }
    run.hop(
        nodeId,
        "switch",
        "network %s (VNI %d): %s is the %s's to send from, %s is known there"
            .formatted(
                sent.network(), sent.vni(), packet.source(), owner.kind(), sent.destination()));
    Arrival arrival = across(nodeId, sent, "deliver");
    Packet back =
        new Packet(
                arrival.frame.source(),
                packet.sourcePort(),
                arrival.frame.destination(),
                packet.destinationPort())
            .turned();
    NetworkRecord network = run.places().network(networkId);
    boolean onLink = TracePlaces.isIn(network, back.destination());
    Frame answer =
        send(
            arrival.nodeId,
            arrival.owner,
            networkId,
            back,
            back.source(),
            onLink ? back.destination() : network.gateway(),
            true);
    requirePassed(arrival.nodeId, "answer", answer);
    Arrival returned = across(arrival.nodeId, answer, null);
    run.hop(
        returned.nodeId,
        "answer",
        "from %s comes back to %s".formatted(back.source(), own)
            + (sent.service() == null ? "" : ", and its source becomes " + packet.destination()));
  }

  /** Who got it. */
  private record Arrival(String nodeId, Traces.Owner owner, Frame frame) {}

  /**
   * From the sender's switch to who gets it.
   *
   * @param step what the hop is called; null to say nothing
   */
  private Arrival across(String nodeId, Frame sent, @Nullable String step)
      throws TraceRun.Stop, InterruptedException {
    if (sent.vteps().isEmpty()) {
      return arrived(nodeId, sent, step);
    }
    String vtep = sent.vteps().getFirst();
    NodeRecord there = run.places().nodeOfVtep(vtep);
    if (there == null) {
      throw TraceRun.end(End.UNKNOWN_NODE);
    }
    if (step != null) {
      run.hop(
          nodeId,
          "vxlan",
          "to %s (%s), %s%s"
              .formatted(
                  there.hostname(),
                  vtep,
                  sent.encrypted() ? "sealed with AES-256-GCM" : "in clear",
                  sent.pathMtu() == 0 ? "" : ", path MTU " + sent.pathMtu()));
    }
    Frame received =
        frame(run.ask(there.id(), new Traces.Receive(run.node(nodeId).vtep(), sent.datagram())));
    requirePassed(there.id(), step == null ? "answer" : "deliver", received);
    return arrived(there.id(), received, step);
  }

  private Arrival arrived(String nodeId, Frame frame, @Nullable String step) {
    Traces.Owner owner =
        frame.owners().isEmpty() ? new Traces.Owner("node", "") : frame.owners().getFirst();
    if (step != null) {
      String name = owner.kind().equals("node") ? "the node itself" : run.places().name(owner.id());
      run.hop(
          nodeId,
          step,
          "to %s %s at %s"
              .formatted(
                  owner.kind().equals("node") ? "" : owner.kind(),
                  name == null ? owner.id() : name,
                  frame.destination())
              .replace("  ", " "));
    }
    return new Arrival(nodeId, owner, frame);
  }

  private void answeredBySwitch(String nodeId, Frame sent) throws TraceRun.Stop {
    String counter = Objects.requireNonNull(sent.answered());
    if (counter.equals("virtual.echo_replies")) {
      run.hop(nodeId, "answer", "the virtual IP answers pings itself, on the client's node");
      return;
    }
    String said = counter.equals("virtual.rsts") ? "a reset" : "ICMP port unreachable";
    throw new TraceRun.Stop(
        Outcome.ENDS, counter, "no backend takes new flows, so the switch answers with " + said);
  }

  private void requirePassed(String nodeId, String step, Frame frame) throws TraceRun.Stop {
    String reason = frame.dropped();
    if (reason != null) {
      String meaning = Objects.requireNonNullElse(frame.meaning(), "");
      run.hop(nodeId, step, "dropped: " + meaning);
      throw new TraceRun.Stop(Outcome.ENDS, reason, meaning);
    }
  }

  private Frame send(
      String nodeId,
      Traces.Owner owner,
      String networkId,
      Packet packet,
      String own,
      String nextHop,
      boolean answer)
      throws TraceRun.Stop, InterruptedException {
    return frame(
        run.ask(
            nodeId,
            new Traces.Send(
                owner,
                networkId,
                protocol,
                packet.source(),
                packet.sourcePort(),
                packet.destination(),
                packet.destinationPort(),
                own,
                nextHop,
                answer)));
  }

  private static Frame frame(Traces.Found found) {
    return Objects.requireNonNull(found.frame());
  }
}
