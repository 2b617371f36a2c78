package io.meshd.dataplane.loop;

import io.meshd.dataplane.offload.Fragmenter;
import io.meshd.dataplane.offload.MssClamp;
import io.meshd.dataplane.offload.Pieces;
import io.meshd.dataplane.offload.Segmenter;
import io.meshd.dataplane.seal.Sealer;
import io.meshd.dataplane.switching.DropReason;
import io.meshd.dataplane.switching.ForwardingDecision;
import io.meshd.dataplane.switching.ForwardingTables;
import io.meshd.dataplane.switching.LoopCounters;
import io.meshd.dataplane.switching.TooBig;
import io.meshd.dataplane.switching.TrafficCounter;
import io.meshd.dataplane.switching.VirtualSwitch;
import io.meshd.dataplane.tap.TapDevice;
import io.meshd.dataplane.tap.VirtioNetHeader;
import io.meshd.dataplane.underlay.UnderlaySender;
import io.meshd.dataplane.vxlan.PathTable;
import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.Ipv4Header;
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
 *       encrypted network sealed ({@link SealedFrames}); what the path does not carry is cut
 *       smaller, or its sender told ({@link #tooBig})
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

  private static final int LEAST_IPV6_FRAME = EthernetHeader.LENGTH + TooBig.LEAST_IPV6_MTU;

  /** What the in-place VXLAN header may overwrite: the virtio header, no longer needed then. */
  private static final int IN_PLACE = VxlanHeader.LENGTH;

  private final MemorySegment slab = Arena.ofAuto().allocate(SLAB, 64);
  private final VirtualSwitch virtualSwitch;
  private final PortWriter ports;
  private final UnderlaySender underlay;
  private final SealedFrames sealed;
  private final Segmenter segmenter = new Segmenter();
  private final Fragmenter fragmenter = new Fragmenter();
  private final TooBig tooBig = new TooBig();
  private final LoopCounters counters;
  private PathTable paths;
  private long used;

  FramesOut(
      VirtualSwitch virtualSwitch,
      PortWriter ports,
      UnderlaySender underlay,
      PathTable paths,
      Sealer sealer,
      LoopCounters counters) {
    this.virtualSwitch = virtualSwitch;
    this.ports = ports;
    this.underlay = underlay;
    this.paths = paths;
    this.counters = counters;
    sealed = new SealedFrames(sealer, underlay, counters);
  }

  /** Takes effect with the next frame. */
  void use(PathTable paths) {
    this.paths = paths;
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
    if (length > paths.smallestFrame() - SealedHeader.OVERHEAD) {
      tooBig.remember(slab, at + VirtioNetHeader.LENGTH, length);
    }
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
      send(decision, slot, at, decision.answerLength());
    } else {
      send(decision, slot, at, length);
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
    send(decision, ForwardingTables.NO_SLOT, at, frame.length());
  }

  /**
   * @param slot that the frame came from, or {@link ForwardingTables#NO_SLOT}
   */
  private void send(ForwardingDecision decision, int slot, long at, int length) {
    int read = VirtioNetHeader.LENGTH + length;
    if (decision.slotCount() > 0) {
      deliver(decision, at, read);
    }
    if (decision.vtepCount() > 0) {
      encapsulate(decision, slot, at, length);
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

  private void encapsulate(ForwardingDecision decision, int slot, long at, int length) {
    FrameView frame = virtualSwitch.frame();
    int limit = limit(decision, frame);
    int gso = VirtioNetHeader.gsoType(slab, at);
    boolean partial = VirtioNetHeader.needsChecksum(slab, at);
    if (frame.isSyn() && MssClamp.apply(frame, partial, limit - EthernetHeader.LENGTH)) {
      counters.count(TrafficCounter.MSS_CLAMPED, 1);
    }
    if (gso != VirtioNetHeader.GSO_NONE) {
      encapsulateSegments(decision, slot, at, gso, limit);
    } else if (length > limit) {
      encapsulateOversized(decision, slot, at, length, limit);
    } else if (partial && !completeChecksum(at, length)) {
      counters.drop(DropReason.MALFORMED);
    } else {
      encapsulateWhole(decision, at + VirtioNetHeader.LENGTH, length);
    }
  }

  /** Bytes of the largest frame that each of its paths carries, or that IPv6 may count on. */
  private int limit(ForwardingDecision decision, FrameView frame) {
    int limit = Integer.MAX_VALUE;
    for (int v = 0; v < decision.vtepCount(); v++) {
      limit = Math.min(limit, paths.largestFrame(decision.vtep(v)));
    }
    if (decision.sealed()) {
      limit -= SealedHeader.OVERHEAD;
    }
    return frame.isIpv6() ? Math.max(limit, LEAST_IPV6_FRAME) : limit;
  }

  private void encapsulateSegments(
      ForwardingDecision decision, int slot, long at, int gso, int limit) {
    FrameView frame = virtualSwitch.frame();
    int segmentSize = VirtioNetHeader.gsoSize(slab, at);
    if (!mayCut(frame, gso)) {
      counters.drop(DropReason.UNSUPPORTED_OFFLOAD);
      return;
    }
    if (frame.isFragment() || segmentSize == 0) {
      counters.drop(DropReason.MALFORMED);
      return;
    }
    int most = limit - frame.headersLength();
    if (segmentSize > most) {
      if (mayCutSmaller(frame)) {
        counters.count(TrafficCounter.RECUT, 1);
        segmentSize = most;
      } else if (mayFragment(frame) || isUntold(decision, frame.headersLength() + segmentSize)) {
        // Datagrams are the sender's, and rarely both too big and free to be cut.
        counters.count(TrafficCounter.LEFT_TO_UNDERLAY, 1);
      } else {
        tooBig(decision, slot, at, limit);
        return;
      }
    }
    encapsulatePieces(decision, segmenter, segmenter.begin(frame, segmentSize));
  }

  /**
   * A frame that is larger than its path carries, and that nothing was to be done with. A TCP
   * segment whose checksum was left to us is one that we were to finish anyhow: it is cut as if it
   * were larger. An IPv4 packet without DF is fragmented, here rather than by the underlay.
   */
  private void encapsulateOversized(
      ForwardingDecision decision, int slot, long at, int length, int limit) {
    FrameView frame = virtualSwitch.frame();
    boolean partial = VirtioNetHeader.needsChecksum(slab, at);
    boolean untold = isUntold(decision, length);
    if (partial && mayCutSmaller(frame)) {
      counters.count(TrafficCounter.RECUT, 1);
      int most = limit - frame.headersLength();
      encapsulatePieces(decision, segmenter, segmenter.begin(frame, most));
    } else if (!untold && !mayFragment(frame)) {
      tooBig(decision, slot, at, limit);
    } else if (partial && !completeChecksum(at, length)) {
      counters.drop(DropReason.MALFORMED);
    } else if (!untold && Fragmenter.mayCut(frame)) {
      counters.count(TrafficCounter.FRAGMENTED, 1);
      encapsulatePieces(decision, fragmenter, fragmenter.begin(frame, limit));
    } else {
      counters.count(TrafficCounter.LEFT_TO_UNDERLAY, 1);
      encapsulateWhole(decision, at + VirtioNetHeader.LENGTH, length);
    }
  }

  /** Whether its path is not known, so that it may be that it carries this much. */
  private boolean isUntold(ForwardingDecision decision, int length) {
    int overhead = decision.sealed() ? SealedHeader.OVERHEAD : 0;
    for (int v = 0; v < decision.vtepCount(); v++) {
      if (length + overhead > paths.largestToRefuse(decision.vtep(v))) {
        return false;
      }
    }
    return true;
  }

  private static boolean mayFragment(FrameView frame) {
    return !frame.isArp()
        && !frame.isIpv6()
        && (Ipv4Header.fragment(frame.memory(), frame.network()) & Ipv4Header.DONT_FRAGMENT) == 0;
  }

  /** TCP that may be cut into smaller segments than its sender had in mind. */
  private static boolean mayCutSmaller(FrameView frame) {
    return frame.hasTcpHeader()
        && !frame.isSyn()
        && !frame.isFragment()
        && !frame.isSourceRouted()
        && frame.headersLength() <= MOST_HEADERS;
  }

  /** Tells the sender of a frame what the path carries, where it may be told. */
  private void tooBig(ForwardingDecision decision, int slot, long at, int limit) {
    FrameView frame = virtualSwitch.frame();
    if (slot == ForwardingTables.NO_SLOT || decision.vtepCount() > 1) {
      counters.drop(DropReason.FRAME_TOO_BIG);
      return;
    }
    DropReason refusal = tooBig.refusal(frame, (int) (System.nanoTime() / 1_000_000_000L));
    if (refusal != null) {
      counters.drop(refusal);
      return;
    }
    counters.count(TrafficCounter.TOO_BIG_ANSWERS, 1);
    int length = tooBig.answer(frame, limit - EthernetHeader.LENGTH);
    VirtioNetHeader.clear(slab, at);
    ports.write(slot, slab, at, VirtioNetHeader.LENGTH + length);
  }

  private void encapsulatePieces(ForwardingDecision decision, Pieces pieces, int count) {
    int hash = virtualSwitch.frame().flowHash();
    if (decision.sealed()) {
      for (int v = 0; v < decision.vtepCount(); v++) {
        sealed.sendPieces(decision.vni(), decision.vtep(v), hash, pieces, count, slab);
      }
      return;
    }
    int headersLength = VxlanHeader.LENGTH + pieces.headersLength();
    MemorySegment headers = underlay.headers();
    for (int v = 0; v < decision.vtepCount(); v++) {
      for (int i = 0; i < count; i++) {
        long header = underlay.prepare(hash);
        VxlanHeader.initialize(headers, header, decision.vni());
        pieces.writeHeaders(i, headers, header + VxlanHeader.LENGTH);
        underlay.add(
            decision.vtep(v),
            header,
            headersLength,
            slab.address() + pieces.payloadAt(i),
            pieces.payloadLength(i));
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
    // Zero means "no checksum" in UDP, which has its other form for it (RFC 768).
    boolean other = sum == 0 && !virtualSwitch.frame().hasTcpHeader();
    slab.set(ValueLayout.JAVA_SHORT_UNALIGNED, from + offset, (short) (other ? 0xffff : sum));
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
