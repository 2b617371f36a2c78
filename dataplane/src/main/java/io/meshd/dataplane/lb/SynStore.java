package io.meshd.dataplane.lb;

import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.TcpHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The first frames of the connections begun last, as the client sent them, so that one that was
 * refused can be offered to another backend at once. A newer one takes an older one's place; then
 * the client's own repetition has to do. Shared by all loops.
 */
final class SynStore {
  private static final int ENTRIES = 4096;
  private static final int LOCKS = 64;

  /** Ethernet header and the longest of IPv4 and TCP; of IPv6, some extension headers. */
  private static final int LARGEST = 14 + 60 + 60;

  private static final int ENTRY = 136;

  private final MemorySegment frames = Arena.ofAuto().allocate((long) ENTRIES * ENTRY, 64);
  private final int[] flows = new int[ENTRIES];
  private final int[] words = new int[ENTRIES];
  private final int[] lengths = new int[ENTRIES];
  private final Object[] locks = new Object[LOCKS];

  SynStore() {
    for (int i = 0; i < LOCKS; i++) {
      locks[i] = new Object();
    }
  }

  /** Keeps a copy, its checksum completed; one with data is not kept. */
  void put(Flow flow, FrameView frame, boolean partial) {
    int length = frame.headersLength();
    MemorySegment m = frame.memory();
    int headers = frame.ipHeaderLength() + frame.tcpHeaderLength();
    if (length > LARGEST || frame.ipLength() != headers) {
      return;
    }
    int entry = flow.index & ENTRIES - 1;
    long at = (long) entry * ENTRY;
    synchronized (locks[entry & LOCKS - 1]) {
      flows[entry] = flow.index;
      words[entry] = flow.word >>> 16;
      lengths[entry] = length;
      MemorySegment.copy(m, frame.at(), frames, at, length);
      if (partial) {
        complete(frame, at + frame.network() - frame.at());
      }
    }
  }

  private void complete(FrameView frame, long ip) {
    long tcp = ip + frame.ipHeaderLength();
    int length = frame.tcpHeaderLength();
    TcpHeader.checksum(frames, tcp, 0);
    long pseudo =
        frame.isIpv6()
            ? InternetChecksum.ofPseudoHeader6(frames, ip, Ipv4Header.PROTOCOL_TCP, length)
            : InternetChecksum.ofPseudoHeader(frames, ip, Ipv4Header.PROTOCOL_TCP, length);
    TcpHeader.storeChecksum(frames, tcp, InternetChecksum.add(pseudo, frames, tcp, length));
  }

  /**
   * @return the length of the frame copied, 0 if it is not there any more
   */
  int copy(Flow flow, MemorySegment to, long at) {
    int entry = flow.index & ENTRIES - 1;
    synchronized (locks[entry & LOCKS - 1]) {
      if (flows[entry] != flow.index || words[entry] != flow.word >>> 16) {
        return 0;
      }
      MemorySegment.copy(frames, (long) entry * ENTRY, to, at, lengths[entry]);
      return lengths[entry];
    }
  }
}
