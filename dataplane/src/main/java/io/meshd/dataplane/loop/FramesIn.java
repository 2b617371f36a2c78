package io.meshd.dataplane.loop;

import io.meshd.dataplane.lb.AddressRewriter;
import io.meshd.dataplane.offload.Coalescer;
import io.meshd.dataplane.offload.MssClamp;
import io.meshd.dataplane.seal.Opener;
import io.meshd.dataplane.switching.DropReason;
import io.meshd.dataplane.switching.ForwardingDecision;
import io.meshd.dataplane.switching.LoopCounters;
import io.meshd.dataplane.switching.TrafficCounter;
import io.meshd.dataplane.switching.VirtualSwitch;
import io.meshd.dataplane.tap.VirtioNetHeader;
import io.meshd.dataplane.underlay.PathProber;
import io.meshd.dataplane.underlay.UnderlayReceiver;
import io.meshd.dataplane.vxlan.PathTable;
import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.PathProbe;
import io.meshd.dataplane.wire.SealedHeader;
import io.meshd.dataplane.wire.VxlanHeader;
import java.lang.foreign.MemorySegment;

/**
 * A frame's way from the wire, in the order of the methods below:
 *
 * <ol>
 *   <li>{@link #receive}: some messages, each of one or more datagrams of one outer flow
 *   <li>{@link #forward}: VXLAN header checked, what is sealed is opened, the switch decides
 *   <li>{@link #deliverJoined}: a flow for one port: as much of the message as joins, in one write
 *   <li>{@link #deliver}: anything else by itself
 * </ol>
 *
 * <p>Belongs to the loop that owns the receiving socket.
 */
final class FramesIn {
  private static final long NOWHERE = -1;

  private final UnderlayReceiver underlay;
  private final VirtualSwitch virtualSwitch;
  private final PortWriter ports;
  private final LoopCounters counters;
  private final FramesOut out;
  private final Opener opener;
  private final PathProber prober;
  private final Coalescer coalescer = new Coalescer();
  private final MemorySegment memory;
  private PathTable paths;

  // Of a datagram that was counted and opened to join others, and did not.
  private long openedAt = NOWHERE;
  private int openedLength;

  /**
   * @param out of the same loop, for frames of the switch's own
   * @param opener of encrypted networks
   * @param prober for its questions, answers and those of the other VTEPs
   */
  FramesIn(
      UnderlayReceiver underlay,
      VirtualSwitch virtualSwitch,
      PortWriter ports,
      FramesOut out,
      Opener opener,
      PathProber prober,
      PathTable paths,
      LoopCounters counters) {
    this.out = out;
    this.opener = opener;
    this.prober = prober;
    this.paths = paths;
    this.underlay = underlay;
    this.virtualSwitch = virtualSwitch;
    this.ports = ports;
    this.counters = counters;
    memory = underlay.memory();
  }

  /** Takes effect with the next frame. */
  void use(PathTable paths) {
    this.paths = paths;
  }

  /**
   * Receives one batch and sends it on its way.
   *
   * @return messages received, or {@code -errno} as from {@link UnderlayReceiver#receive}
   */
  int receive() {
    int received = underlay.receive();
    for (int i = 0; i < received; i++) {
      openedAt = NOWHERE;
      long at = underlay.at(i);
      long end = at + underlay.length(i);
      int datagram = underlay.datagramLength(i);
      counters.count(TrafficCounter.VXLAN_RX_BATCHES, 1);
      if (at == end) {
        counters.count(TrafficCounter.VXLAN_RX_DATAGRAMS, 1);
        counters.drop(DropReason.VXLAN_MALFORMED);
      }
      while (at < end) {
        at = forward(underlay.source(i), at, end, datagram);
      }
    }
    return received;
  }

  /**
   * Forwards the datagram here, and those behind it that join it.
   *
   * @param end of the message
   * @param size of each datagram in it but the last
   * @return where the next datagram begins
   */
  private long forward(int vtep, long at, long end, int size) {
    int length = (int) Math.min(size, end - at);
    if (length < VxlanHeader.LENGTH || !VxlanHeader.hasVni(memory, at)) {
      if (!PathProbe.is(memory, at, length)
          || !prober.received(vtep, memory, at, length, System.nanoTime())) {
        counters.count(TrafficCounter.VXLAN_RX_DATAGRAMS, 1);
        counters.drop(DropReason.VXLAN_MALFORMED);
      }
      return at + length;
    }
    boolean sealed = SealedHeader.isSealed(memory, at);
    int header = sealed ? SealedHeader.LENGTH : VxlanHeader.LENGTH;
    int frameLength = length - header;
    if (at == openedAt) {
      frameLength = openedLength;
    } else {
      counters.count(TrafficCounter.VXLAN_RX_DATAGRAMS, 1);
      if (sealed) {
        frameLength = open(vtep, at, length);
        if (frameLength < 0) {
          return at + length;
        }
      }
    }
    long frame = at + header;
    ForwardingDecision decision =
        virtualSwitch.fromUnderlay(
            vtep, VxlanHeader.vni(memory, at), sealed, memory, frame, frameLength);
    if (decision.isInjected()) {
      out.inject(decision);
      out.flush();
      return at + length;
    }
    if (decision.slotCount() == 1
        && mayJoin(decision.slot(0), at + length < end)
        && coalescer.begin(virtualSwitch.frame())) {
      return deliverJoined(decision, vtep, at, end, size);
    }
    if (decision.slotCount() > 0) {
      deliver(decision, frame, frameLength, largestPacket(vtep, sealed));
    }
    return at + length;
  }

  /** TCP always, for its checksum; datagrams where others follow and the port can cut them. */
  private boolean mayJoin(int slot, boolean moreFollow) {
    return virtualSwitch.frame().hasTcpHeader() || (moreFollow && ports.takesJoinedDatagrams(slot));
  }

  /**
   * Opens a sealed datagram in place.
   *
   * @return the frame's length, or -1 for one that was dropped
   */
  private int open(int vtep, long at, int length) {
    DropReason refusal = virtualSwitch.sealedRefusal(vtep, VxlanHeader.vni(memory, at));
    if (refusal != null) {
      counters.drop(refusal);
      return -1;
    }
    int frame = opener.open(vtep, memory, at, length);
    if (frame < 0) {
      counters.drop(opener.reason());
    } else {
      counters.count(TrafficCounter.OPENED, 1);
    }
    return frame;
  }

  private long deliverJoined(
      ForwardingDecision decision, int vtep, long first, long end, int size) {
    boolean sealed = SealedHeader.isSealed(memory, first);
    int vni = VxlanHeader.vni(memory, first);
    long at = Math.min(first + size, end);
    while (at < end) {
      int length = (int) Math.min(size, end - at);
      if (length <= VxlanHeader.LENGTH
          || !VxlanHeader.hasVni(memory, at)
          || VxlanHeader.vni(memory, at) != vni
          || SealedHeader.isSealed(memory, at) != sealed) {
        break;
      }
      counters.count(TrafficCounter.VXLAN_RX_DATAGRAMS, 1);
      long frame = at + VxlanHeader.LENGTH;
      int frameLength = length - VxlanHeader.LENGTH;
      if (sealed) {
        frame = at + SealedHeader.LENGTH;
        frameLength = open(vtep, at, length);
        if (frameLength < 0) {
          at += length;
          break;
        }
      }
      openedAt = at;
      openedLength = frameLength;
      if (!coalescer.append(frame, frameLength)) {
        break;
      }
      at += length;
    }
    ports.writeJoined(decision, coalescer, memory);
    return at;
  }

  /** Bytes of the largest IP packet that the way back to that VTEP carries. */
  private int largestPacket(int vtep, boolean sealed) {
    int largest = paths.largestFrame(vtep) - EthernetHeader.LENGTH;
    return sealed ? largest - SealedHeader.OVERHEAD : largest;
  }

  /**
   * The virtio header overwrites the VXLAN header and perhaps the four bytes before it, which
   * belong to a datagram already delivered or to the headroom.
   */
  private void deliver(ForwardingDecision decision, long frame, int length, int largestPacket) {
    if (decision.destinationMac() != 0) {
      EthernetHeader.destination(memory, frame, decision.destinationMac());
    }
    long at = frame - VirtioNetHeader.LENGTH;
    FrameView view = virtualSwitch.frame();
    boolean partial = view.hasPartialChecksum();
    if (view.isSyn() && MssClamp.apply(view, partial, largestPacket)) {
      counters.count(TrafficCounter.MSS_CLAMPED, 1);
    }
    if (decision.sourceMac() != 0) {
      writeSource(decision, view, partial);
    }
    if (partial) {
      int start = (int) (view.transport() - view.at());
      VirtioNetHeader.checksum(memory, at, start, view.checksumOffset());
    } else {
      VirtioNetHeader.clear(memory, at);
    }
    for (int i = 0; i < decision.slotCount(); i++) {
      ports.write(decision.slot(i), memory, at, VirtioNetHeader.LENGTH + length);
    }
  }

  private static void writeSource(ForwardingDecision decision, FrameView view, boolean partial) {
    if (view.isIpv6()) {
      AddressRewriter.source(
          view, partial, decision.sourceMac(), decision.sourceHigh(), decision.sourceLow());
    } else {
      AddressRewriter.source(view, partial, decision.sourceMac(), decision.sourceIp());
    }
  }
}
