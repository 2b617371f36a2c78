package io.meshd.dataplane.loop;

import io.meshd.dataplane.offload.Segmenter;
import io.meshd.dataplane.seal.Sealer;
import io.meshd.dataplane.switching.DropReason;
import io.meshd.dataplane.switching.ForwardingDecision;
import io.meshd.dataplane.switching.LoopCounters;
import io.meshd.dataplane.switching.TrafficCounter;
import io.meshd.dataplane.switching.VirtualSwitch;
import io.meshd.dataplane.tap.TapDevice;
import io.meshd.dataplane.tap.VirtioNetHeader;
import io.meshd.dataplane.underlay.UnderlaySender;
import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.SealedHeader;
import io.meshd.dataplane.wire.VxlanHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A frame's way from a TAP, in the order of the methods below:
 *
 * <ol>
 *   <li>{@link #read}: into the slab, with its virtio header
 *   <li>the switch decides
 *   <li>{@link #deliver}: to ports of this node as it is, offloads still asked for
 *   <li>{@link #encapsulate}: to VTEPs, where nobody can be asked: cut, checksummed, and on an
 *       encrypted network sealed ({@link SealedFrames})
 *   <li>{@link #flush}: the batch leaves
 * </ol>
 *
 * <p>Frames lie one behind the other in the slab until the batch has left. One per loop.
 */
final class FramesOut {
  private static final int LARGEST_READ = 66 * 1024;
  private static final int SLAB = 8 * LARGEST_READ;
  private static final int CSUM_LENGTH = 2;

  /** Headers of a segment: IPv6 with an extension header or two, and TCP. */
  private static final int MOST_HEADERS = UnderlaySender.HEADER_ROOM - VxlanHeader.LENGTH;

  /** What the in-place VXLAN header may overwrite: the virtio header, no longer needed then. */
  private static final int IN_PLACE = VxlanHeader.LENGTH;

  private final MemorySegment slab = Arena.ofAuto().allocate(SLAB, 64);
  private final VirtualSwitch virtualSwitch;
  private final PortWriter ports;
  private final UnderlaySender underlay;
  private final SealedFrames sealed;
  private final Segmenter segmenter = new Segmenter();
  private final LoopCounters counters;
  private final int largestFrame;
  private long used;

  FramesOut(
      VirtualSwitch virtualSwitch,
      PortWriter ports,
      UnderlaySender underlay,
      int largestFrame,
      Sealer sealer,
      LoopCounters counters) {
    this.virtualSwitch = virtualSwitch;
    this.ports = ports;
    this.underlay = underlay;
    this.largestFrame = largestFrame;
    this.counters = counters;
    sealed = new SealedFrames(sealer, underlay, counters);
  }

  /**
   * Reads one frame and sends it on its way.
   *
   * @return bytes read, or {@code -errno} as from {@link TapDevice#read}
   */
  long read(TapDevice tap, int slot) {
    if (used + LARGEST_READ > SLAB) {
      flush();
    }
    long at = used;
    long read = tap.read(slab.address() + at, LARGEST_READ);
    if (read > 0) {
      forward(slot, at, (int) read);
    }
    return read;
  }

  private void forward(int slot, long at, int read) {
    int length = read - VirtioNetHeader.LENGTH;
    counters.count(TrafficCounter.TAP_RX_FRAMES, 1);
    counters.count(TrafficCounter.TAP_RX_BYTES, length);
    ForwardingDecision decision =
        virtualSwitch.fromPort(
            slot,
            slab,
            at + VirtioNetHeader.LENGTH,
            length,
            VirtioNetHeader.needsChecksum(slab, at));
    if (decision.isInjected()) {
      inject(decision);
    } else if (decision.answerLength() > 0) {
      VirtioNetHeader.clear(slab, at);
      send(decision, at, decision.answerLength());
    } else {
      send(decision, at, length);
    }
  }

  /** Sends the frame that the switch put in the place of the one it was given. */
  void inject(ForwardingDecision decision) {
    if (used + LARGEST_READ > SLAB) {
      flush();
    }
    long at = used;
    FrameView frame = virtualSwitch.frame();
    VirtioNetHeader.clear(slab, at);
    MemorySegment.copy(
        frame.memory(), frame.at(), slab, at + VirtioNetHeader.LENGTH, frame.length());
    send(decision, at, frame.length());
  }

  private void send(ForwardingDecision decision, long at, int length) {
    int read = VirtioNetHeader.LENGTH + length;
    if (decision.slotCount() > 0) {
      deliver(decision, at, read);
    }
    if (decision.vtepCount() > 0) {
      encapsulate(decision, at, length);
      used = at + read + 63 & ~63L;
    }
  }

  private void deliver(ForwardingDecision decision, long at, int read) {
    if (decision.destinationMac() != 0) {
      EthernetHeader.destination(slab, at + VirtioNetHeader.LENGTH, decision.destinationMac());
    }
    for (int i = 0; i < decision.slotCount(); i++) {
      ports.write(decision.slot(i), slab, at, read);
    }
  }

  private void encapsulate(ForwardingDecision decision, long at, int length) {
    int limit = decision.sealed() ? largestFrame - SealedHeader.OVERHEAD : largestFrame;
    int gso = VirtioNetHeader.gsoType(slab, at);
    if (gso != VirtioNetHeader.GSO_NONE) {
      encapsulateSegments(decision, gso, VirtioNetHeader.gsoSize(slab, at), limit);
    } else if (length > limit) {
      counters.drop(DropReason.FRAME_TOO_BIG);
    } else if (VirtioNetHeader.needsChecksum(slab, at) && !completeChecksum(at, length)) {
      counters.drop(DropReason.MALFORMED);
    } else {
      encapsulateWhole(decision, at + VirtioNetHeader.LENGTH, length);
    }
  }

  private void encapsulateSegments(
      ForwardingDecision decision, int gso, int segmentSize, int limit) {
    FrameView frame = virtualSwitch.frame();
    if (!mayCut(frame, gso)) {
      counters.drop(DropReason.UNSUPPORTED_OFFLOAD);
      return;
    }
    if (frame.isFragment() || segmentSize == 0) {
      counters.drop(DropReason.MALFORMED);
      return;
    }
    if (frame.headersLength() + segmentSize > limit) {
      counters.drop(DropReason.FRAME_TOO_BIG);
      return;
    }
    int hash = frame.flowHash();
    int segments = segmenter.begin(frame, segmentSize);
    if (decision.sealed()) {
      for (int v = 0; v < decision.vtepCount(); v++) {
        sealed.sendSegments(decision.vni(), decision.vtep(v), hash, segmenter, segments, slab);
      }
      return;
    }
    int headersLength = VxlanHeader.LENGTH + segmenter.headersLength();
    MemorySegment headers = underlay.headers();
    for (int v = 0; v < decision.vtepCount(); v++) {
      for (int i = 0; i < segments; i++) {
        long header = underlay.prepare(hash);
        VxlanHeader.initialize(headers, header, decision.vni());
        segmenter.writeHeaders(i, headers, header + VxlanHeader.LENGTH);
        underlay.add(
            decision.vtep(v),
            header,
            headersLength,
            slab.address() + segmenter.payloadAt(i),
            segmenter.payloadLength(i));
      }
    }
  }

  /** Whether the frame is what the virtio header says, and one that can be cut. */
  private static boolean mayCut(FrameView frame, int gso) {
    boolean named =
        switch (gso) {
          case VirtioNetHeader.GSO_TCPV4 -> frame.hasTcpHeader() && !frame.isIpv6();
          case VirtioNetHeader.GSO_TCPV6 -> frame.hasTcpHeader() && frame.isIpv6();
          case VirtioNetHeader.GSO_UDP_L4 -> frame.hasPorts() && !frame.hasTcpHeader();
          default -> false;
        };
    return named && !frame.isSourceRouted() && frame.headersLength() <= MOST_HEADERS;
  }

  /** Adds what the sender left to hardware: the sum from start to end (virtio 1.2, 5.1.6.2). */
  private boolean completeChecksum(long at, int length) {
    int start = VirtioNetHeader.checksumStart(slab, at);
    int offset = VirtioNetHeader.checksumOffset(slab, at);
    if (start + offset + CSUM_LENGTH > length) {
      return false;
    }
    long from = at + VirtioNetHeader.LENGTH + start;
    int sum = ~InternetChecksum.fold(InternetChecksum.add(0, slab, from, length - start)) & 0xffff;
    // Zero means "no checksum" in UDP; its other form is as good everywhere (RFC 768).
    slab.set(ValueLayout.JAVA_SHORT_UNALIGNED, from + offset, (short) (sum == 0 ? 0xffff : sum));
    return true;
  }

  private void encapsulateWhole(ForwardingDecision decision, long frameAt, int length) {
    int hash = virtualSwitch.frame().flowHash();
    if (decision.sealed()) {
      for (int v = 0; v < decision.vtepCount(); v++) {
        sealed.send(decision.vni(), decision.vtep(v), hash, slab, frameAt, length);
      }
      return;
    }
    long at = frameAt - IN_PLACE;
    VxlanHeader.initialize(slab, at, decision.vni());
    for (int v = 0; v < decision.vtepCount(); v++) {
      underlay.prepare(hash);
      underlay.add(decision.vtep(v), slab.address() + at, IN_PLACE + length);
    }
  }

  /** Sends what was collected; the slab is empty afterwards. */
  void flush() {
    underlay.flush();
    sealed.flushed();
    used = 0;
  }
}
