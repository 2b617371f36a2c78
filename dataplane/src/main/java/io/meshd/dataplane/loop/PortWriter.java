package io.meshd.dataplane.loop;

import io.meshd.dataplane.lb.AddressRewriter;
import io.meshd.dataplane.offload.Coalescer;
import io.meshd.dataplane.switching.DropReason;
import io.meshd.dataplane.switching.ForwardingDecision;
import io.meshd.dataplane.switching.LoopCounters;
import io.meshd.dataplane.switching.TrafficCounter;
import io.meshd.dataplane.sys.Iovecs;
import io.meshd.dataplane.tap.TapDevice;
import io.meshd.dataplane.tap.VirtioNetHeader;
import io.meshd.dataplane.wire.EthernetHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Writes frames to TAPs by slot. Any loop may write to any TAP: a write is one call for one whole
 * frame. One per loop.
 */
final class PortWriter {
  private static final int HEADERS_ROOM = 192;

  private final LoopCounters counters;
  private final MemorySegment headers = Arena.ofAuto().allocate(HEADERS_ROOM, 64);
  private final Iovecs iovecs = new Iovecs(Coalescer.MAX_SEGMENTS + 1);
  private @Nullable TapDevice[] taps = new TapDevice[0];

  PortWriter(LoopCounters counters) {
    this.counters = counters;
  }

  /** Borrowed: whoever closes a device first has every loop use an array without it. */
  void use(@Nullable TapDevice[] taps) {
    this.taps = taps;
  }

  /**
   * @param at where the frame's virtio header begins, the frame behind it
   * @param length of both
   */
  void write(int slot, MemorySegment memory, long at, int length) {
    TapDevice tap = taps[slot];
    if (tap != null) {
      count(tap.write(memory.address() + at, length), length - VirtioNetHeader.LENGTH);
    }
  }

  /** Whether the port takes joined datagrams; any takes joined TCP. */
  boolean takesJoinedDatagrams(int slot) {
    TapDevice tap = taps[slot];
    return tap != null && tap.cutsDatagrams();
  }

  /**
   * Writes the frames joined as one large frame to the one port they go to, from where they lie.
   */
  void writeJoined(ForwardingDecision decision, Coalescer run, MemorySegment memory) {
    TapDevice tap = taps[decision.slot(0)];
    if (tap == null) {
      return;
    }
    int headersLength = run.headersLength();
    int segments = run.segments();
    if (segments > 1) {
      VirtioNetHeader.segments(
          headers,
          0,
          gsoType(run),
          headersLength,
          run.segmentSize(),
          run.transportOffset(),
          run.checksumOffset());
    } else {
      VirtioNetHeader.checksum(headers, 0, run.transportOffset(), run.checksumOffset());
    }
    run.writeHeaders(headers, VirtioNetHeader.LENGTH);
    if (decision.destinationMac() != 0) {
      EthernetHeader.destination(headers, VirtioNetHeader.LENGTH, decision.destinationMac());
    }
    if (decision.sourceMac() != 0) {
      writeSource(decision, run);
    }
    int length = headersLength;
    iovecs.set(0, headers.address(), VirtioNetHeader.LENGTH + headersLength);
    for (int i = 0; i < segments; i++) {
      iovecs.set(i + 1, memory.address() + run.payloadAt(i), run.payloadLength(i));
      length += run.payloadLength(i);
    }
    count(tap.writev(iovecs.address(0), segments + 1), length);
  }

  private void writeSource(ForwardingDecision decision, Coalescer run) {
    int checksum = run.transportOffset() + run.checksumOffset();
    long at = VirtioNetHeader.LENGTH;
    if (run.isIpv6()) {
      AddressRewriter.sourceOfJoined(
          headers, at, checksum, decision.sourceMac(), decision.sourceHigh(), decision.sourceLow());
    } else {
      AddressRewriter.sourceOfJoined(
          headers, at, checksum, decision.sourceMac(), decision.sourceIp());
    }
  }

  private static int gsoType(Coalescer run) {
    if (!run.isTcp()) {
      return VirtioNetHeader.GSO_UDP_L4;
    }
    return run.isIpv6() ? VirtioNetHeader.GSO_TCPV6 : VirtioNetHeader.GSO_TCPV4;
  }

  private void count(long result, int frameLength) {
    if (result < 0) {
      counters.drop(DropReason.PORT_DOWN);
      return;
    }
    counters.count(TrafficCounter.TAP_TX_FRAMES, 1);
    counters.count(TrafficCounter.TAP_TX_BYTES, frameLength);
  }
}
