package io.meshd.dataplane.switching;

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
 * <p>Of both families: whom a frame is between is what {@link FrameEnds} says.
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
    if (service == null
        || FrameEnds.destination(network, frame) != virtual.ip()
        || !FrameEnds.isKnownBy(sender, frame)
        || frame.isSourceRouted()) {
      return drop(DropReason.NOT_FOR_VIRTUAL);
    }
    if (!frame.isFirstFragment()) {
      return laterRequest(network, frame);
    }
    if (FrameEnds.isIcmp(frame)) {
      return icmpRequest(network, sender, virtual, frame);
    }
    if (!frame.hasPorts()) {
      return unreachable(frame, IcmpHeader.PROTOCOL);
    }
    int ports = frame.ports();
    int protocol = FrameEnds.protocol(frame);
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
    if (backend == null || !service.has(flow.backend()) || !FrameEnds.has(backend, frame)) {
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
        FrameEnds.protocol(frame),
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
    if (backend == null || !FrameEnds.has(backend, frame)) {
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
    FrameEnds.destination(frame, partial, backend);
    if (flow.isHairpin()) {
      FrameEnds.source(frame, partial, virtual);
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
    FrameEnds.source(frame, partial, virtual);
    FrameEnds.destination(frame, partial, sender);
    target = sender;
    return Outcome.FORWARD;
  }

  private Outcome icmpRequest(
      NetworkTable network, Station sender, Station virtual, FrameView frame) {
    if (FrameEnds.isEchoRequest(frame)) {
      if (frame.isFragment()) {
        remember(network, frame, virtual.ip(), sender.ip());
      }
      counters.count(TrafficCounter.VIRTUAL_ECHO_REPLIES, 1);
      answerLength = Answers.echoReply(frame);
      return Outcome.ANSWER;
    }
    if (!FrameEnds.isError(frame)) {
      return drop(DropReason.VIRTUAL_ICMP);
    }
    if (frame.isFragment()
        || !quoted.parse(frame)
        || FrameEnds.source(network, frame, quoted) != virtual.ip()
        || FrameEnds.destination(network, frame, quoted) != sender.ip()) {
      return drop(DropReason.LYING_ICMP);
    }
    return errorToBackend(network, sender, virtual, frame);
  }

  /** A client's error about a reply. A hairpin's addresses change places in both directions. */
  private Outcome errorToBackend(
      NetworkTable network, Station sender, Station virtual, FrameView frame) {
    int protocol = FrameEnds.protocol(frame, quoted.protocol());
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
    FrameEnds.readdress(frame, quoted, backend, hairpin ? virtual : sender);
    FrameEnds.destination(frame, false, backend);
    if (hairpin) {
      FrameEnds.source(frame, false, virtual);
    }
    target = backend;
    return Outcome.FORWARD;
  }

  private Outcome laterRequest(NetworkTable network, FrameView frame) {
    if (!findFirst(network, frame)) {
      return drop(DropReason.VIRTUAL_FRAGMENT);
    }
    if (fragments.destination() == FrameEnds.source(network, frame) && FrameEnds.isIcmp(frame)) {
      answerLength = Answers.echoReply(frame);
      return Outcome.ANSWER;
    }
    Station backend = network.byIp(fragments.destination());
    Station from = network.byIp(fragments.source());
    if (backend == null || from == null) {
      return drop(DropReason.VIRTUAL_FRAGMENT);
    }
    FrameEnds.destination(frame, false, backend);
    FrameEnds.source(frame, false, from);
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
    int vip = FrameEnds.formerDestination(frame);
    int protocol = FrameEnds.protocol(frame);
    if (!balancer
        .flows()
        .findRequest(flow, network.vni, protocol, sender.ip(), vip, frame.ports())) {
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
    int endpoint = FrameEnds.destination(network, frame);
    int protocol = FrameEnds.protocol(frame);
    if (!balancer
        .flows()
        .findReply(flow, network.vni, protocol, endpoint, sender.ip(), frame.ports())) {
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
    if (!network.hasServices
        || balancer.flows().size() == 0
        || !FrameEnds.isKnownBy(sender, frame)) {
      return Outcome.PASS;
    }
    int destination = FrameEnds.destination(network, frame);
    if (!frame.isFirstFragment()) {
      return findFirst(network, frame) ? fromVirtual(network, fragments.source()) : Outcome.PASS;
    }
    if (!frame.hasPorts()) {
      return FrameEnds.isIcmp(frame)
          ? icmpReply(network, sender, frame, destination)
          : Outcome.PASS;
    }
    int turned = Integer.rotateLeft(frame.ports(), 16);
    if (!balancer
        .flows()
        .findReply(
            flow, network.vni, FrameEnds.protocol(frame), sender.ip(), destination, turned)) {
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
    if (!FrameEnds.isError(frame) || frame.isFragment() || !quoted.parse(frame)) {
      return Outcome.PASS; // nothing of a flow's: the client's kernel judges
    }
    int protocol = FrameEnds.protocol(frame, quoted.protocol());
    int backend = FrameEnds.destination(network, frame, quoted);
    int quotedSource = FrameEnds.source(network, frame, quoted);
    if (!balancer
        .flows()
        .findReply(flow, network.vni, protocol, backend, quotedSource, quoted.ports())) {
      return Outcome.PASS;
    }
    boolean mayTell = sender.ip() == backend || sender.isNodePort();
    if (quotedSource != destination || !mayTell) {
      return drop(DropReason.LYING_ICMP);
    }
    if (flow.state() == FlowState.SYN_SENT && FrameEnds.refuses(frame)) {
      Outcome retried = retry(network);
      if (retried != Outcome.PASS) {
        return retried;
      }
    }
    Station client = network.byIp(destination);
    Station virtual = network.byIp(flow.vip());
    if (client == null || virtual == null) {
      return Outcome.PASS; // the service is gone
    }
    FrameEnds.readdress(frame, quoted, client, virtual);
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
    FrameEnds.destination(syn, false, backend);
    if (flow.isHairpin()) {
      FrameEnds.source(syn, false, virtual);
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
    fragments.remember(
        network.vni,
        FrameEnds.protocol(frame),
        frame.identification(),
        FrameEnds.source(network, frame),
        FrameEnds.destination(network, frame),
        newSource,
        newDestination,
        balancer.nowSeconds());
  }

  private boolean findFirst(NetworkTable network, FrameView frame) {
    return fragments.find(
        network.vni,
        FrameEnds.protocol(frame),
        frame.identification(),
        FrameEnds.source(network, frame),
        FrameEnds.destination(network, frame),
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
