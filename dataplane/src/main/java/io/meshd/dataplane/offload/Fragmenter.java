package io.meshd.dataplane.offload;

import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.Ipv4Header;
import java.lang.foreign.MemorySegment;

/**
 * Cuts an IPv4 packet that may be fragmented into fragments (RFC 791 section 3.2), so that VXLAN's
 * own packets need not be: RFC 7348 section 4.3 has VTEPs not fragment those. A fragment can be cut
 * further.
 *
 * <p>One per loop. {@link #begin} borrows the frame, unchanged, until the next {@code begin}.
 */
public final class Fragmenter implements Pieces {
  private static final int OFFSET_UNIT = 8;
  private static final int HEADERS = EthernetHeader.LENGTH + Ipv4Header.MIN_LENGTH;

  private MemorySegment frame = MemorySegment.NULL;
  private long at;
  private int payload;
  private int each;
  private int count;
  private int flagsAndOffset;

  /** Sum of the header without total length, fragment field and checksum. */
  private long sum;

  /**
   * Whether a frame can be cut: IPv4 without DF, and without options, which would differ from
   * fragment to fragment.
   */
  public static boolean mayCut(FrameView view) {
    return !view.isArp()
        && !view.isIpv6()
        && view.ipHeaderLength() == Ipv4Header.MIN_LENGTH
        && (Ipv4Header.fragment(view.memory(), view.network()) & Ipv4Header.DONT_FRAGMENT) == 0;
  }

  /**
   * @param view a frame that {@link #mayCut}, its checksums complete
   * @param limit bytes of the largest fragment's frame, at least 42
   * @return the number of fragments
   */
  public int begin(FrameView view, int limit) {
    frame = view.memory();
    at = view.at();
    long ip = view.network();
    payload = view.ipLength() - Ipv4Header.MIN_LENGTH;
    each = (limit - HEADERS) / OFFSET_UNIT * OFFSET_UNIT;
    count = (payload + each - 1) / each;
    flagsAndOffset = Ipv4Header.fragment(frame, ip);
    sum =
        InternetChecksum.add(0, frame, ip, Ipv4Header.MIN_LENGTH)
            - InternetChecksum.ofField(Ipv4Header.totalLength(frame, ip))
            - InternetChecksum.ofField(flagsAndOffset)
            - InternetChecksum.ofField(Ipv4Header.checksum(frame, ip));
    return count;
  }

  @Override
  public int headersLength() {
    return HEADERS;
  }

  @Override
  public long payloadAt(int fragment) {
    return at + HEADERS + (long) fragment * each;
  }

  @Override
  public int payloadLength(int fragment) {
    return Math.min(each, payload - fragment * each);
  }

  @Override
  public void writeHeaders(int fragment, MemorySegment to, long toAt) {
    MemorySegment.copy(frame, at, to, toAt, HEADERS);
    int total = Ipv4Header.MIN_LENGTH + payloadLength(fragment);
    int field = flagsAndOffset + fragment * (each / OFFSET_UNIT);
    if (fragment < count - 1) {
      field |= Ipv4Header.MORE_FRAGMENTS;
    }
    long ip = toAt + EthernetHeader.LENGTH;
    Ipv4Header.totalLength(to, ip, total);
    Ipv4Header.fragment(to, ip, field);
    Ipv4Header.storeChecksum(
        to, ip, sum + InternetChecksum.ofField(total) + InternetChecksum.ofField(field));
  }
}
