package io.meshd.dataplane.offload;

import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.TcpHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Cuts a large frame of its own making and joins it again. Until the compiler has seen enough of
 * that work it takes a hundred times as long; the first frames of a node are not to pay for it.
 */
public final class Rehearsal {
  /** Of a task's interface with MTU 1450 and TCP timestamps. */
  static final int SEGMENT_SIZE = 1398;

  static final int SEGMENTS = 44;
  private static final int TCP_HEADER = 32;
  private static final int HEADERS = EthernetHeader.LENGTH + Ipv4Header.MIN_LENGTH + TCP_HEADER;
  private static final int PAYLOAD = SEGMENTS * SEGMENT_SIZE;
  private static final long TCP = EthernetHeader.LENGTH + Ipv4Header.MIN_LENGTH;
  private static final long CUT = 64 * 1024;

  /** Some more than the number of calls after which the last compiler of HotSpot takes over. */
  private static final int ROUNDS = 400;

  private final MemorySegment memory =
      Arena.ofAuto().allocate(CUT + (long) SEGMENTS * (HEADERS + SEGMENT_SIZE), 64);
  private final MemorySegment joined = Arena.ofAuto().allocate(HEADERS, 8);
  private final FrameView view = new FrameView();
  private final TcpSegmenter segmenter = new TcpSegmenter();
  private final TcpCoalescer coalescer = new TcpCoalescer();

  Rehearsal() {
    EthernetHeader.etherType(memory, 0, EthernetHeader.ETHERTYPE_IPV4);
    long ip = EthernetHeader.LENGTH;
    Ipv4Header.initialize(memory, ip, Ipv4Header.MIN_LENGTH);
    Ipv4Header.totalLength(memory, ip, Ipv4Header.MIN_LENGTH + TCP_HEADER + PAYLOAD);
    Ipv4Header.protocol(memory, ip, Ipv4Header.PROTOCOL_TCP);
    Ipv4Header.updateChecksum(memory, ip, Ipv4Header.MIN_LENGTH);
    TcpHeader.headerLength(memory, TCP, TCP_HEADER);
    TcpHeader.flags(memory, TCP, TcpHeader.ACK);
  }

  /** A fraction of a second of one processor. */
  public static void run() {
    Rehearsal rehearsal = new Rehearsal();
    for (int i = 0; i < ROUNDS; i++) {
      rehearsal.cutAndJoin();
    }
  }

  /**
   * @return how many of {@link #SEGMENTS} were joined again
   */
  int cutAndJoin() {
    view.parse(memory, 0, HEADERS + PAYLOAD);
    int count = segmenter.begin(view, SEGMENT_SIZE);
    for (int i = 0; i < count; i++) {
      segmenter.writeHeaders(i, memory, at(i));
      MemorySegment.copy(
          memory, segmenter.payloadAt(i), memory, at(i) + HEADERS, segmenter.payloadLength(i));
    }
    view.parse(memory, at(0), HEADERS + SEGMENT_SIZE);
    if (!coalescer.begin(view)) {
      return 0;
    }
    for (int i = 1; i < count; i++) {
      if (!coalescer.append(at(i), HEADERS + SEGMENT_SIZE)) {
        break;
      }
    }
    coalescer.writeHeaders(joined, 0);
    return coalescer.segments();
  }

  private static long at(int segment) {
    return CUT + (long) segment * (HEADERS + SEGMENT_SIZE);
  }
}
