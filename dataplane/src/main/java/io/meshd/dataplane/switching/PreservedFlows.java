package io.meshd.dataplane.switching;

import io.meshd.dataplane.lb.FragmentTable;
import io.meshd.dataplane.lb.QuotedPacket;
import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.IcmpHeader;
import io.meshd.dataplane.wire.Ipv4Header;
import java.lang.foreign.MemorySegment;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Flows of published ports that keep the client's address. The node that a client asked sends to
 * the task with the client's address as source, from a port of its {@link
 * io.meshd.dataplane.PortSlice}; the task's replies are for the client, and the slice of their
 * destination port says which node waits for them. So no flow has to be remembered: {@link
 * #request} and {@link #reply} are decided from the frame and the tables. Only fragments follow
 * their first.
 *
 * <p>One per loop.
 */
final class PreservedFlows {
  private final FragmentTable fragments = new FragmentTable();
  private final QuotedPacket quoted = new QuotedPacket();
  private final IntSupplier nowSeconds;
  private final ForwardingDecision decision;
  private final LoopCounters counters;

  /**
   * @param nowSeconds a clock that never goes back
   * @param decision the switch's, filled where a frame may pass
   */
  PreservedFlows(IntSupplier nowSeconds, ForwardingDecision decision, LoopCounters counters) {
    this.nowSeconds = nowSeconds;
    this.decision = decision;
    this.counters = counters;
  }

  /**
   * From a node port, here or out of VXLAN, with a source that is not the node's: a client's, if
   * the network has targets that may be asked so. Asked where the frame begins and again where it
   * arrives.
   *
   * @param node whose MAC it has, or is to get; null when this node has no address there
   * @return why it is to be dropped, or null
   */
  @Nullable DropReason request(NetworkTable network, @Nullable Station node, FrameView frame) {
    MemorySegment memory = frame.memory();
    if (node == null
        || network.preserved == null
        || network.byIp(Ipv4Header.source(memory, frame.network())) != null) {
      return node == null || node.isLocal() ? DropReason.SPOOFED_IP : DropReason.SPOOFED_INNER_IP;
    }
    DropReason refusal = refusal(network, network.preserved, node, frame);
    if (refusal != null) {
      return refusal;
    }
    Station target = network.byIp(Ipv4Header.destination(memory, frame.network()));
    if (target == null || target.mac() != EthernetHeader.destination(memory, frame.at())) {
      return DropReason.UNKNOWN_MAC;
    }
    if (!target.isLocal() && !node.isLocal()) {
      return DropReason.NOT_LOCAL;
    }
    counters.count(TrafficCounter.PRESERVED_REQUESTS, 1);
    if (node.isLocal()) {
      EthernetHeader.source(memory, frame.at(), node.mac());
    }
    return forward(target);
  }

  /**
   * From an endpoint to an address that the network has not: a target's reply to a client, or an
   * ICMP error of its about what it was sent. One from a port of this node goes to the node that
   * waits for it, one out of VXLAN must be for this node.
   *
   * @return why it is to be dropped, or null
   */
  @Nullable DropReason reply(NetworkTable network, Station sender, FrameView frame) {
    Station node = sender.kind() == Station.Kind.ENDPOINT ? waiting(network, frame) : null;
    if (node == null || (!node.isLocal() && !sender.isLocal())) {
      return DropReason.NOT_FOR_NODE;
    }
    counters.count(TrafficCounter.PRESERVED_REPLIES, 1);
    if (node.isLocal()) {
      decision.rewriteDestination(network.nodeDeviceMac);
    } else {
      EthernetHeader.destination(frame.memory(), frame.at(), node.mac());
    }
    return forward(node);
  }

  private @Nullable DropReason forward(Station target) {
    if (!target.isLocal()) {
      decision.addVtep(target.vtep());
      return null;
    }
    if (target.slot() == Station.NO_SLOT) {
      return DropReason.PORT_NOT_ATTACHED;
    }
    decision.addSlot(target.slot());
    return null;
  }

  /** Why a node may not send this in a client's name; null when it may. */
  private @Nullable DropReason refusal(
      NetworkTable network, PreservedTargets targets, Station node, FrameView frame) {
    if (!frame.isFirstFragment()) {
      return findFirst(network, frame) && fragments.source() == node.ip()
          ? null
          : DropReason.CLIENT_FRAGMENT;
    }
    int task = Ipv4Header.destination(frame.memory(), frame.network());
    if (!frame.hasPorts() || !targets.has(task, frame.protocol(), low(frame.ports()))) {
      return DropReason.CLIENT_NOT_TARGET;
    }
    Station owner = targets.nodeOf(high(frame.ports()));
    if (owner == null || owner.ip() != node.ip()) {
      return DropReason.CLIENT_OFF_SLICE;
    }
    remember(network, frame, node);
    return null;
  }

  /** The node that asked for this in a client's name, or null. */
  private @Nullable Station waiting(NetworkTable network, FrameView frame) {
    PreservedTargets targets = network.preserved;
    if (targets == null || frame.opensFlow()) {
      return null;
    }
    if (!frame.isFirstFragment()) {
      return findFirst(network, frame) ? network.byIp(fragments.source()) : null;
    }
    if (frame.protocol() == Ipv4Header.PROTOCOL_ICMP) {
      return quotedIn(targets, frame);
    }
    int task = Ipv4Header.source(frame.memory(), frame.network());
    if (!frame.hasPorts() || !targets.has(task, frame.protocol(), high(frame.ports()))) {
      return null;
    }
    Station node = targets.nodeOf(low(frame.ports()));
    if (node != null) {
      remember(network, frame, node);
    }
    return node;
  }

  /** The packet that an error quotes went from the client to the target. */
  private @Nullable Station quotedIn(PreservedTargets targets, FrameView frame) {
    int task = Ipv4Header.source(frame.memory(), frame.network());
    int client = Ipv4Header.destination(frame.memory(), frame.network());
    boolean lies =
        !IcmpHeader.isError(IcmpHeader.type(frame.memory(), frame.transport()))
            || frame.isFragment()
            || !quoted.parse(frame)
            || quoted.source() != client
            || quoted.destination() != task
            || !targets.has(task, quoted.protocol(), low(quoted.ports()));
    return lies ? null : targets.nodeOf(high(quoted.ports()));
  }

  private static int high(int ports) {
    return ports >>> 16;
  }

  private static int low(int ports) {
    return ports & 0xffff;
  }

  private void remember(NetworkTable network, FrameView frame, Station node) {
    if (frame.isFragment()) {
      long ip = frame.network();
      int destination = Ipv4Header.destination(frame.memory(), ip);
      fragments.remember(
          network.vni,
          frame.protocol(),
          Ipv4Header.identification(frame.memory(), ip),
          Ipv4Header.source(frame.memory(), ip),
          destination,
          node.ip(),
          destination,
          nowSeconds.getAsInt());
    }
  }

  private boolean findFirst(NetworkTable network, FrameView frame) {
    long ip = frame.network();
    return fragments.find(
        network.vni,
        frame.protocol(),
        Ipv4Header.identification(frame.memory(), ip),
        Ipv4Header.source(frame.memory(), ip),
        Ipv4Header.destination(frame.memory(), ip),
        nowSeconds.getAsInt());
  }
}
