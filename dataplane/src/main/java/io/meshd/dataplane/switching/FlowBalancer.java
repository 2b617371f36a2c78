package io.meshd.dataplane.switching;

import io.meshd.dataplane.lb.AddressRewriter;
import io.meshd.dataplane.lb.Answers;
import io.meshd.dataplane.lb.Flow;
import io.meshd.dataplane.lb.FlowState;
import io.meshd.dataplane.lb.FragmentTable;
import io.meshd.dataplane.lb.LoadBalancer;
import io.meshd.dataplane.lb.QuotedPacket;
import io.meshd.dataplane.lb.RateLimit;
import io.meshd.dataplane.lb.ServiceTable;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.IcmpHeader;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.TcpHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Frames to virtual addresses and their replies. The node of the client balances: what leaves it is
 * addressed to a backend, what comes back gets the virtual address as source before the client sees
 * it. Frames of one client come from one TAP and so to one loop; replies come to any.
 *
 * <p>{@link #request}, for a frame from a port of this node to a virtual address:
 *
 * <ol>
 *   <li>an echo request is answered, with backends or without
 *   <li>a known flow's frame goes to its backend; if that is gone, the client is told at once: RST,
 *       or ICMP port unreachable
 *   <li>a new flow gets a backend; if there is none, as if that were gone
 *   <li>a client that got itself answers to the virtual address: turned round
 * </ol>
 *
 * <p>{@link #reply}, for a frame to a port of this node from any endpoint: if it is a flow's, its
 * source becomes the virtual address. A refused connection is offered to another backend with the
 * SYN kept, as long as there is one, and the refusal swallowed.
 *
 * <p>{@link #orphan}, for a frame to a virtual address that is no more: as if its backend were
 * gone.
 *
 * <p>One per loop. Longer than most: both directions work on the one {@link Flow} that the table
 * fills in for the frame at hand.
 */
final class FlowBalancer {
  /** What is to become of a frame. */
  enum Outcome {
    /** It is none of balancing's. */
    PASS,
    /** To {@link #target}; its addresses are changed. */
    FORWARD,
    /** Its source is to be changed to {@link #target}'s. */
    FROM_VIRTUAL,
    /** It has become an answer to its sender, of {@link #answerLength}. */
    ANSWER,
    /** {@link #injected} goes to {@link #target} instead. */
    INJECT,
    /** For the {@link #reason}. */
    DROP
  }

  /** A client sends its SYN again after a second (RFC 6298 section 2), its timer a bit early. */
  private static final int UNANSWERED_MILLIS = 900;

  private static final int UNREACHABLES_PER_SECOND = 1000;
  private static final int LARGEST_SYN = 256;

  private final LoadBalancer balancer;
  private final LoopCounters counters;
  private final Flow flow = new Flow();
  private final FragmentTable fragments = new FragmentTable();
  private final QuotedPacket quoted = new QuotedPacket();
  private final RateLimit unreachables = new RateLimit(UNREACHABLES_PER_SECOND);
  private final SplittableRandom random = new SplittableRandom();
  private final MemorySegment synMemory = Arena.ofAuto().allocate(LARGEST_SYN, 8);
  private final FrameView syn = new FrameView();

  private DropReason reason = DropReason.MALFORMED;
  private @Nullable Station target;
  private int answerLength;

  FlowBalancer(LoadBalancer balancer, LoopCounters counters) {
    this.balancer = balancer;
    this.counters = counters;
  }

  DropReason reason() {
    return reason;
  }

  Station target() {
    Station found = target;
    if (found == null) {
      throw new IllegalStateException("the outcome has no target");
    }
    return found;
  }

  int answerLength() {
    return answerLength;
  }

  /** Whose the frame injected is. */
  int client() {
    return flow.client();
  }

  /** A frame of its own memory. */
  FrameView injected() {
    return syn;
  }

  /**
   * A frame from a port of this node to a virtual address's MAC.
   *
   * @param partial whether its checksum is virtio's NEEDS_CSUM
   */
  Outcome request(
      NetworkTable network, Station sender, Station virtual, FrameView frame, boolean partial) {
    ServiceTable service = virtual.service();
    MemorySegment m = frame.memory();
    if (service == null || Ipv4Header.destination(m, frame.network()) != virtual.ip()) {
      return drop(DropReason.NOT_FOR_VIRTUAL);
    }
    if (!frame.isFirstFragment()) {
      return laterRequest(network, frame);
    }
    if (frame.protocol() == Ipv4Header.PROTOCOL_ICMP) {
      return icmpRequest(network, sender, virtual, frame);
    }
    if (!frame.hasPorts()) {
      return unreachable(frame, IcmpHeader.PROTOCOL);
    }
    int ports = frame.ports();
    int protocol = frame.protocol();
    if (balancer
        .flows()
        .findRequest(flow, network.vni, protocol, sender.ip(), virtual.ip(), ports)) {
      return known(network, sender, virtual, service, frame, partial);
    }
    int turned = Integer.rotateLeft(ports, 16);
    if (balancer.flows().findReply(flow, network.vni, protocol, sender.ip(), virtual.ip(), turned)
        && flow.isHairpin()) {
      return turnRound(network, sender, virtual, frame, partial);
    }
    if (frame.hasTcpHeader() && !frame.opensFlow()) {
      return refuse(frame);
    }
    return open(network, sender, virtual, service, frame, partial);
  }

  private Outcome known(
      NetworkTable network,
      Station sender,
      Station virtual,
      ServiceTable service,
      FrameView frame,
      boolean partial) {
    if (frame.opensFlow()) {
      if (!flow.state().isOpen()) {
        balancer.remove(flow);
        return open(network, sender, virtual, service, frame, partial);
      }
      if (flow.state() == FlowState.SYN_SENT
          && balancer.nowMillis() - flow.sinceMillis() >= UNANSWERED_MILLIS) {
        balancer.failed(flow, service);
        if (balancer.reassign(flow, service, random)) {
          balancer.keepSyn(flow, frame, partial);
        }
      }
    }
    Station backend = network.byIp(flow.backend());
    if (backend == null || !service.has(flow.backend())) {
      balancer.remove(flow);
      return refuse(frame);
    }
    track(frame, true);
    return toBackend(network, sender, virtual, backend, frame, partial);
  }

  private Outcome open(
      NetworkTable network,
      Station sender,
      Station virtual,
      ServiceTable service,
      FrameView frame,
      boolean partial) {
    boolean tcp = frame.hasTcpHeader();
    flow.begin(
        network.vni,
        frame.protocol(),
        sender.ip(),
        virtual.ip(),
        frame.ports(),
        tcp ? FlowState.SYN_SENT : FlowState.UNREPLIED);
    switch (balancer.open(flow, service, random)) {
      case OPENED -> {}
      case NO_BACKEND -> {
        return refuse(frame);
      }
      case FULL -> {
        return drop(DropReason.FLOW_TABLE_FULL);
      }
      case CONFLICT -> {
        return drop(DropReason.FLOW_CONFLICT);
      }
    }
    if (tcp) {
      balancer.keepSyn(flow, frame, partial);
    }
    Station backend = network.byIp(flow.backend());
    if (backend == null) {
      return refuse(frame); // not before the tables change
    }
    return toBackend(network, sender, virtual, backend, frame, partial);
  }

  private Outcome toBackend(
      NetworkTable network,
      Station sender,
      Station virtual,
      Station backend,
      FrameView frame,
      boolean partial) {
    if (frame.isFragment()) {
      remember(network, frame, flow.isHairpin() ? virtual.ip() : sender.ip(), backend.ip());
    }
    AddressRewriter.destination(frame, partial, backend.mac(), backend.ip());
    if (flow.isHairpin()) {
      AddressRewriter.source(frame, partial, virtual.mac(), virtual.ip());
    }
    target = backend;
    return Outcome.FORWARD;
  }

  /** From the client as its own backend to itself as client. */
  private Outcome turnRound(
      NetworkTable network, Station sender, Station virtual, FrameView frame, boolean partial) {
    if (refusedBy(frame)) {
      Outcome retried = retry(network);
      if (retried != Outcome.PASS) {
        return retried;
      }
    }
    track(frame, false);
    if (frame.isFragment()) {
      remember(network, frame, virtual.ip(), sender.ip());
    }
    AddressRewriter.source(frame, partial, virtual.mac(), virtual.ip());
    AddressRewriter.destination(frame, partial, sender.mac(), sender.ip());
    target = sender;
    return Outcome.FORWARD;
  }

  private Outcome icmpRequest(
      NetworkTable network, Station sender, Station virtual, FrameView frame) {
    int type = IcmpHeader.type(frame.memory(), frame.transport());
    if (type == IcmpHeader.ECHO_REQUEST) {
      if (frame.isFragment()) {
        remember(network, frame, virtual.ip(), sender.ip());
      }
      counters.count(TrafficCounter.VIRTUAL_ECHO_REPLIES, 1);
      answerLength = Answers.echoReply(frame);
      return Outcome.ANSWER;
    }
    if (!IcmpHeader.isError(type)) {
      return drop(DropReason.VIRTUAL_ICMP);
    }
    if (frame.isFragment()
        || !quoted.parse(frame)
        || quoted.source() != virtual.ip()
        || quoted.destination() != sender.ip()) {
      return drop(DropReason.LYING_ICMP);
    }
    return errorToBackend(network, sender, virtual, frame);
  }

  /** A client's error about a reply. A hairpin's addresses change places in both directions. */
  private Outcome errorToBackend(
      NetworkTable network, Station sender, Station virtual, FrameView frame) {
    int protocol = quoted.protocol();
    int turned = Integer.rotateLeft(quoted.ports(), 16);
    boolean found =
        balancer.flows().findRequest(flow, network.vni, protocol, sender.ip(), virtual.ip(), turned)
            || (balancer
                    .flows()
                    .findReply(
                        flow, network.vni, protocol, sender.ip(), virtual.ip(), quoted.ports())
                && flow.isHairpin());
    Station backend = found ? network.byIp(flow.backend()) : null;
    if (backend == null) {
      return drop(DropReason.LYING_ICMP);
    }
    boolean hairpin = flow.isHairpin();
    quoted.readdress(backend.ip(), hairpin ? virtual.ip() : sender.ip());
    AddressRewriter.destination(frame, false, backend.mac(), backend.ip());
    if (hairpin) {
      AddressRewriter.source(frame, false, virtual.mac(), virtual.ip());
    }
    target = backend;
    return Outcome.FORWARD;
  }

  private Outcome laterRequest(NetworkTable network, FrameView frame) {
    if (!findFirst(network, frame)) {
      return drop(DropReason.VIRTUAL_FRAGMENT);
    }
    MemorySegment m = frame.memory();
    if (fragments.destination() == Ipv4Header.source(m, frame.network())
        && frame.protocol() == Ipv4Header.PROTOCOL_ICMP) {
      answerLength = Answers.echoReply(frame);
      return Outcome.ANSWER;
    }
    Station backend = network.byIp(fragments.destination());
    Station from = network.byIp(fragments.source());
    if (backend == null || from == null) {
      return drop(DropReason.VIRTUAL_FRAGMENT);
    }
    AddressRewriter.destination(frame, false, backend.mac(), backend.ip());
    AddressRewriter.source(frame, false, from.mac(), from.ip());
    target = backend;
    return Outcome.FORWARD;
  }

  /**
   * A frame from a port of this node to a MAC that nobody has any more: a virtual address that went
   * away with flows to it, because its service was removed or is found by its tasks' addresses now.
   *
   * @return PASS for none of a flow, ANSWER or DROP
   */
  Outcome orphan(NetworkTable network, Station sender, FrameView frame) {
    if (balancer.flows().size() == 0 || !frame.isFirstFragment() || !frame.hasPorts()) {
      return Outcome.PASS;
    }
    int vip = Ipv4Header.destination(frame.memory(), frame.network());
    if (!balancer
        .flows()
        .findRequest(flow, network.vni, frame.protocol(), sender.ip(), vip, frame.ports())) {
      return Outcome.PASS;
    }
    balancer.remove(flow);
    return refuse(frame);
  }

  /**
   * A connection that a port of this node opens to an endpoint itself, past any virtual address. If
   * a balanced one from the same port has the same backend, the answers to the two could not be
   * told apart: one that has ended gives way, beside one that is open the new one is refused.
   *
   * @return PASS or ANSWER
   */
  Outcome direct(NetworkTable network, Station sender, FrameView frame) {
    if (!network.hasServices || balancer.flows().size() == 0 || !frame.hasTcpHeader()) {
      return Outcome.PASS;
    }
    int endpoint = Ipv4Header.destination(frame.memory(), frame.network());
    if (!balancer
        .flows()
        .findReply(flow, network.vni, frame.protocol(), endpoint, sender.ip(), frame.ports())) {
      return Outcome.PASS;
    }
    if (flow.state().isOpen()) {
      return refuse(frame);
    }
    balancer.remove(flow);
    return Outcome.PASS;
  }

  /**
   * A frame to a port of this node, by port or by wire.
   *
   * @return PASS, FROM_VIRTUAL, INJECT or DROP
   */
  Outcome reply(NetworkTable network, Station sender, FrameView frame) {
    if (!network.hasServices || balancer.flows().size() == 0) {
      return Outcome.PASS;
    }
    MemorySegment m = frame.memory();
    int destination = Ipv4Header.destination(m, frame.network());
    if (!frame.isFirstFragment()) {
      return findFirst(network, frame) ? fromVirtual(network, fragments.source()) : Outcome.PASS;
    }
    if (!frame.hasPorts()) {
      return frame.protocol() == Ipv4Header.PROTOCOL_ICMP
          ? icmpReply(network, sender, frame, destination)
          : Outcome.PASS;
    }
    int turned = Integer.rotateLeft(frame.ports(), 16);
    if (!balancer
        .flows()
        .findReply(flow, network.vni, frame.protocol(), sender.ip(), destination, turned)) {
      return Outcome.PASS;
    }
    if (refusedBy(frame)) {
      Outcome retried = retry(network);
      if (retried != Outcome.PASS) {
        return retried;
      }
    }
    track(frame, false);
    if (frame.isFragment()) {
      remember(network, frame, flow.vip(), destination);
    }
    return fromVirtual(network, flow.vip());
  }

  /** An error about a request: quoted as the backend saw it, to be quoted as the client sent it. */
  private Outcome icmpReply(
      NetworkTable network, Station sender, FrameView frame, int destination) {
    if (!IcmpHeader.isError(IcmpHeader.type(frame.memory(), frame.transport()))
        || frame.isFragment()
        || !quoted.parse(frame)) {
      return Outcome.PASS; // nothing of a flow's: the client's kernel judges
    }
    int backend = quoted.destination();
    if (!balancer
        .flows()
        .findReply(
            flow, network.vni, quoted.protocol(), backend, quoted.source(), quoted.ports())) {
      return Outcome.PASS;
    }
    boolean mayTell = sender.ip() == backend || sender.isNodePort();
    if (quoted.source() != destination || !mayTell) {
      return drop(DropReason.LYING_ICMP);
    }
    if (flow.state() == FlowState.SYN_SENT && refuses(frame)) {
      Outcome retried = retry(network);
      if (retried != Outcome.PASS) {
        return retried;
      }
    }
    quoted.readdress(destination, flow.vip());
    return sender.ip() == backend ? fromVirtual(network, flow.vip()) : Outcome.PASS;
  }

  private Outcome fromVirtual(NetworkTable network, int vip) {
    Station virtual = network.byIp(vip);
    if (virtual == null) {
      return Outcome.PASS; // its service is gone: the client's kernel has no such connection
    }
    target = virtual;
    return Outcome.FROM_VIRTUAL;
  }

  /** An unreachable that is about more than the packet's size. */
  private static boolean refuses(FrameView frame) {
    MemorySegment m = frame.memory();
    return IcmpHeader.type(m, frame.transport()) == IcmpHeader.UNREACHABLE
        && IcmpHeader.code(m, frame.transport()) != IcmpHeader.TOO_BIG;
  }

  private boolean refusedBy(FrameView frame) {
    return flow.state() == FlowState.SYN_SENT
        && frame.hasTcpHeader()
        && (TcpHeader.flags(frame.memory(), frame.transport()) & TcpHeader.RST) != 0;
  }

  /** Offers the refused connection to another backend; PASS when there is none left. */
  private Outcome retry(NetworkTable network) {
    Station virtual = network.byIp(flow.vip());
    ServiceTable service = virtual == null ? null : virtual.service();
    if (virtual == null || service == null) {
      return Outcome.PASS;
    }
    balancer.failed(flow, service);
    int length = balancer.copySyn(flow, synMemory, 0);
    if (!balancer.reassign(flow, service, random)) {
      return Outcome.PASS;
    }
    counters.count(TrafficCounter.VIRTUAL_RETRIES, 1);
    Station backend = network.byIp(flow.backend());
    if (length == 0 || backend == null || syn.parse(synMemory, 0, length) != FrameView.Verdict.OK) {
      return drop(DropReason.CONNECT_RETRIED); // the client's next SYN goes to the other one
    }
    balancer.keepSyn(flow, syn, false);
    AddressRewriter.destination(syn, false, backend.mac(), backend.ip());
    if (flow.isHairpin()) {
      AddressRewriter.source(syn, false, virtual.mac(), virtual.ip());
    }
    target = backend;
    return Outcome.INJECT;
  }

  private void track(FrameView frame, boolean fromClient) {
    int flags = frame.hasTcpHeader() ? TcpHeader.flags(frame.memory(), frame.transport()) : -1;
    FlowState before = balancer.flows().track(flow, fromClient, flags, balancer.nowSeconds());
    FlowState after = flow.state();
    if (before == after) {
      return;
    }
    if (before == FlowState.SYN_SENT && after == FlowState.SYN_RECEIVED) {
      balancer.connected(flow);
    }
    if (before.isOpen() && !after.isOpen()) {
      balancer.closed(flow);
    }
  }

  private void remember(NetworkTable network, FrameView frame, int newSource, int newDestination) {
    MemorySegment m = frame.memory();
    long ip = frame.network();
    fragments.remember(
        network.vni,
        frame.protocol(),
        Ipv4Header.identification(m, ip),
        Ipv4Header.source(m, ip),
        Ipv4Header.destination(m, ip),
        newSource,
        newDestination,
        balancer.nowSeconds());
  }

  private boolean findFirst(NetworkTable network, FrameView frame) {
    MemorySegment m = frame.memory();
    long ip = frame.network();
    return fragments.find(
        network.vni,
        frame.protocol(),
        Ipv4Header.identification(m, ip),
        Ipv4Header.source(m, ip),
        Ipv4Header.destination(m, ip),
        balancer.nowSeconds());
  }

  /** Nobody is there: what a kernel says on a port where nobody listens. */
  private Outcome refuse(FrameView frame) {
    if (!frame.hasTcpHeader()) {
      return unreachable(frame, IcmpHeader.PORT);
    }
    if ((TcpHeader.flags(frame.memory(), frame.transport()) & TcpHeader.RST) != 0) {
      return drop(DropReason.VIRTUAL_RST);
    }
    counters.count(TrafficCounter.VIRTUAL_RSTS, 1);
    answerLength = Answers.reset(frame);
    return Outcome.ANSWER;
  }

  private Outcome unreachable(FrameView frame, int code) {
    if (!unreachables.take(balancer.nowSeconds())) {
      return drop(DropReason.UNREACHABLE_LIMITED);
    }
    counters.count(TrafficCounter.VIRTUAL_UNREACHABLES, 1);
    answerLength = Answers.unreachable(frame, code);
    return Outcome.ANSWER;
  }

  private Outcome drop(DropReason why) {
    reason = why;
    return Outcome.DROP;
  }
}
