package io.meshd.dataplane.loop;

import io.meshd.dataplane.offload.Pieces;
import io.meshd.dataplane.seal.Sealer;
import io.meshd.dataplane.switching.DropReason;
import io.meshd.dataplane.switching.LoopCounters;
import io.meshd.dataplane.switching.TrafficCounter;
import io.meshd.dataplane.underlay.UnderlaySender;
import io.meshd.dataplane.wire.SealedHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Frames on their way to nodes of encrypted networks. Each is copied once for each receiver, sealed
 * where it lies, and stays there until the batch has left; what cannot be sealed does not leave.
 * One per loop.
 */
final class SealedFrames {
  private static final int LARGEST = 66 * 1024;
  private static final int MEMORY = 8 * LARGEST;

  private final Sealer sealer;
  private final UnderlaySender underlay;
  private final LoopCounters counters;
  private @Nullable MemorySegment memory;
  private long used;

  SealedFrames(Sealer sealer, UnderlaySender underlay, LoopCounters counters) {
    this.sealer = sealer;
    this.underlay = underlay;
    this.counters = counters;
  }

  void send(int vni, int vtep, int hash, MemorySegment from, long frame, int length) {
    MemorySegment to = room();
    MemorySegment.copy(from, frame, to, used + SealedHeader.LENGTH, length);
    seal(vni, vtep, hash, to, length);
  }

  /**
   * @param pieces of a frame of {@code from}
   */
  void sendPieces(int vni, int vtep, int hash, Pieces pieces, int count, MemorySegment from) {
    int headers = pieces.headersLength();
    for (int i = 0; i < count; i++) {
      MemorySegment to = room();
      long at = used + SealedHeader.LENGTH;
      int payload = pieces.payloadLength(i);
      pieces.writeHeaders(i, to, at);
      MemorySegment.copy(from, pieces.payloadAt(i), to, at + headers, payload);
      seal(vni, vtep, hash, to, headers + payload);
    }
  }

  /** Memory with room for one more datagram at {@link #used}. */
  private MemorySegment room() {
    if (memory == null) {
      memory = Arena.ofAuto().allocate(MEMORY, 64);
    }
    if (used + LARGEST > MEMORY) {
      underlay.flush();
      used = 0;
    }
    return memory;
  }

  private void seal(int vni, int vtep, int hash, MemorySegment memory, int length) {
    int datagram = sealer.seal(vni, vtep, memory, used, length);
    if (datagram < 0) {
      counters.drop(DropReason.NO_KEY);
      return;
    }
    counters.count(TrafficCounter.SEALED, 1);
    underlay.prepare(hash);
    underlay.add(vtep, memory.address() + used, datagram);
    used += datagram;
  }

  /** The batch has left. */
  void flushed() {
    used = 0;
  }
}
