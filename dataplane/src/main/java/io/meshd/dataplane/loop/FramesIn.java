package io.meshd.dataplane.loop;

import io.meshd.dataplane.lb.AddressRewriter;
import io.meshd.dataplane.offload.TcpCoalescer;
import io.meshd.dataplane.switching.DropReason;
import io.meshd.dataplane.switching.ForwardingDecision;
import io.meshd.dataplane.switching.LoopCounters;
import io.meshd.dataplane.switching.TrafficCounter;
import io.meshd.dataplane.switching.VirtualSwitch;
import io.meshd.dataplane.tap.VirtioNetHeader;
import io.meshd.dataplane.underlay.UnderlayReceiver;
import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.VxlanHeader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A frame's way from the wire, in the order of the methods below:
 *
 * <ol>
 *   <li>{@link #receive}: some messages, each of one or more datagrams of one outer flow
 *   <li>{@link #forward}: VXLAN header checked, the switch decides
 *   <li>{@link #deliverJoined}: TCP for one port: as much of the message as joins, in one write
 *   <li>{@link #deliver}: anything else by itself
 * </ol>
 *
 * <p>Belongs to the loop that owns the receiving socket.
 */
final class FramesIn {
  private final UnderlayReceiver underlay;
  private final VirtualSwitch virtualSwitch;
  private final PortWriter ports;
  private final LoopCounters counters;
  private final FramesOut out;
  private final TcpCoalescer coalescer = new TcpCoalescer();
  private final MemorySegment memory;

  /**
   * @param out of the same loop, for frames of the switch's own
   */
  FramesIn(
      UnderlayReceiver underlay,
      VirtualSwitch virtualSwitch,
      PortWriter ports,
      FramesOut out,
      LoopCounters counters) {
    this.out = out;
    this.underlay = underlay;
    this.virtualSwitch = virtualSwitch;
    this.ports = ports;
    this.counters = counters;
    memory = underlay.memory();
  }

  /**
   * Receives one batch and sends it on its way.
   *
   * @return messages received, or {@code -errno} as from {@link UnderlayReceiver#receive}
   */
  int receive() {
    int received = underlay.receive();
    for (int i = 0; i < received; i++) {
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
    counters.count(TrafficCounter.VXLAN_RX_DATAGRAMS, 1);
    if (length < VxlanHeader.LENGTH || !VxlanHeader.hasVni(memory, at)) {
      counters.drop(DropReason.VXLAN_MALFORMED);
      return at + length;
    }
    long frame = at + VxlanHeader.LENGTH;
    int frameLength = length - VxlanHeader.LENGTH;
    ForwardingDecision decision =
        virtualSwitch.fromUnderlay(vtep, VxlanHeader.vni(memory, at), memory, frame, frameLength);
    if (decision.isInjected()) {
      out.inject(decision);
      out.flush();
      return at + length;
    }
    if (decision.slotCount() == 1 && coalescer.begin(virtualSwitch.frame())) {
      return deliverJoined(decision, at, end, size);
    }
    if (decision.slotCount() > 0) {
      deliver(decision, frame, frameLength);
    }
    return at + length;
  }

  private long deliverJoined(ForwardingDecision decision, long first, long end, int size) {
    long vxlan = memory.get(ValueLayout.JAVA_LONG_UNALIGNED, first);
    long at = Math.min(first + size, end);
    while (end - at > VxlanHeader.LENGTH
        && memory.get(ValueLayout.JAVA_LONG_UNALIGNED, at) == vxlan) {
      int length = (int) Math.min(size, end - at);
      if (!coalescer.append(at + VxlanHeader.LENGTH, length - VxlanHeader.LENGTH)) {
        break;
      }
      counters.count(TrafficCounter.VXLAN_RX_DATAGRAMS, 1);
      at += length;
    }
    ports.writeJoined(decision, coalescer, memory);
    return at;
  }

  /**
   * The virtio header overwrites the VXLAN header and the four bytes before it, which belong to a
   * datagram already delivered or to the headroom.
   */
  private void deliver(ForwardingDecision decision, long frame, int length) {
    if (decision.destinationMac() != 0) {
      EthernetHeader.destination(memory, frame, decision.destinationMac());
    }
    long at = frame - VirtioNetHeader.LENGTH;
    FrameView view = virtualSwitch.frame();
    boolean partial = view.hasPartialChecksum();
    if (decision.sourceMac() != 0) {
      AddressRewriter.source(view, partial, decision.sourceMac(), decision.sourceIp());
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
}
