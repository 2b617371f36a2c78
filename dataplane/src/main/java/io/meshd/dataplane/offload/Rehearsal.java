package io.meshd.dataplane.offload;

import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.Ipv6Header;
import io.meshd.dataplane.wire.TcpHeader;
import io.meshd.dataplane.wire.UdpHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Cuts a large frame of its own making and joins it again. Until the compiler has seen enough of
 * that work it takes a hundred times as long; the first frames of a node are not to pay for it.
 */
public final class Rehearsal {
  /** Of a task's interface with MTU 1450 and TCP timestamps; the others' fit too. */
  static final int SEGMENT_SIZE = 1378;

  static final int SEGMENTS = 44;
  private static final int TCP_HEADER = 32;
  private static final int PAYLOAD = SEGMENTS * SEGMENT_SIZE;
  private static final long CUT = 64 * 1024;

  /** Some more than the number of calls after which the last compiler of HotSpot takes over. */
  private static final int ROUNDS = 400;

  /** Often enough that no branch counts as one that is never taken. */
  private static final int RARER = 8;

  private final int headers;
  private final MemorySegment memory;
  private final MemorySegment joined = Arena.ofAuto().allocate(128, 8);
  private final FrameView view = new FrameView();
  private final Segmenter segmenter = new Segmenter();
  private final Coalescer coalescer = new Coalescer();

  Rehearsal(boolean ipv6, boolean tcp) {
    int network = ipv6 ? Ipv6Header.LENGTH : Ipv4Header.MIN_LENGTH;
    int transport = tcp ? TCP_HEADER : UdpHeader.LENGTH;
    int protocol = tcp ? Ipv4Header.PROTOCOL_TCP : Ipv4Header.PROTOCOL_UDP;
    headers = EthernetHeader.LENGTH + network + transport;
    memory = Arena.ofAuto().allocate(CUT + (long) SEGMENTS * (headers + SEGMENT_SIZE), 64);
    long ip = EthernetHeader.LENGTH;
    if (ipv6) {
      EthernetHeader.etherType(memory, 0, EthernetHeader.ETHERTYPE_IPV6);
      Ipv6Header.initialize(memory, ip);
      Ipv6Header.payloadLength(memory, ip, transport + PAYLOAD);
      Ipv6Header.nextHeader(memory, ip, protocol);
    } else {
      EthernetHeader.etherType(memory, 0, EthernetHeader.ETHERTYPE_IPV4);
      Ipv4Header.initialize(memory, ip, network);
      Ipv4Header.totalLength(memory, ip, network + transport + PAYLOAD);
      Ipv4Header.protocol(memory, ip, protocol);
      Ipv4Header.updateChecksum(memory, ip, network);
    }
    if (tcp) {
      TcpHeader.headerLength(memory, ip + network, TCP_HEADER);
      TcpHeader.flags(memory, ip + network, TcpHeader.ACK);
    }
  }

  /** A fraction of a second of one processor. */
  public static void run() {
    Rehearsal most = new Rehearsal(false, true);
    Rehearsal[] others = {
      new Rehearsal(true, true), new Rehearsal(false, false), new Rehearsal(true, false)
    };
    for (int i = 0; i < ROUNDS; i++) {
      most.cutAndJoin();
      if (i % RARER == 0) {
        for (Rehearsal other : others) {
          other.cutAndJoin();
        }
      }
    }
  }

  /**
   * @return how many of {@link #SEGMENTS} were joined again
   */
  int cutAndJoin() {
    view.parse(memory, 0, headers + PAYLOAD);
    int count = segmenter.begin(view, SEGMENT_SIZE);
    for (int i = 0; i < count; i++) {
      segmenter.writeHeaders(i, memory, at(i));
      MemorySegment.copy(
          memory, segmenter.payloadAt(i), memory, at(i) + headers, segmenter.payloadLength(i));
    }
    view.parse(memory, at(0), headers + SEGMENT_SIZE);
    if (!coalescer.begin(view)) {
      return 0;
    }
    for (int i = 1; i < count; i++) {
      if (!coalescer.append(at(i), headers + SEGMENT_SIZE)) {
        break;
      }
    }
    coalescer.writeHeaders(joined, 0);
    return coalescer.segments();
  }

  private long at(int segment) {
    return CUT + (long) segment * (headers + SEGMENT_SIZE);
  }
}
