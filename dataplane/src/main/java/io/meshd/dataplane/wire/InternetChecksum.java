package io.meshd.dataplane.wire;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The checksum of IPv4, TCP and UDP (RFC 1071). Sums are taken in the machine's own byte order,
 * which the RFC's section 2 (B) allows as long as the result is stored in that order too: {@link
 * #store} does, {@link #ofField} turns a header field's value into its part of such a sum.
 *
 * <p>A sum is kept unfolded in a long; 2^32 words fit, far more than a frame has.
 */
public final class InternetChecksum {
  private static final ValueLayout.OfLong WORD8 = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt WORD4 = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfShort WORD2 = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
  private static final long LOW = 0xffffffffL;

  private InternetChecksum() {}

  /**
   * Adds bytes to a sum. They must begin at an even place of what the checksum covers.
   *
   * @return the new sum, unfolded
   */
  public static long add(long sum, MemorySegment m, long at, long length) {
    // One plain counted loop: this form HotSpot turns into vector instructions.
    int words = (int) (length >>> 3);
    long a = sum;
    for (int w = 0; w < words; w++) {
      long word = m.get(WORD8, at + 8L * w);
      a += (word & LOW) + (word >>> 32);
    }
    long i = at + 8L * words;
    long end = at + length;
    for (; i + 4 <= end; i += 4) {
      a += m.get(WORD4, i) & LOW;
    }
    if (i + 2 <= end) {
      a += m.get(WORD2, i) & 0xffff;
      i += 2;
    }
    if (i < end) {
      int last = m.get(JAVA_BYTE, i) & 0xff;
      a += LITTLE ? last : last << 8;
    }
    return a;
  }

  /** A 16-bit field's part of a sum. */
  public static long ofField(int value) {
    short field = (short) value;
    return (LITTLE ? Short.reverseBytes(field) : field) & 0xffff;
  }

  /** A 32-bit field's part of a sum. */
  public static long ofWord(int value) {
    return (LITTLE ? Integer.reverseBytes(value) : value) & LOW;
  }

  /** Folds to 16 bits, in the machine's order; 0xffff over data and its right checksum. */
  public static int fold(long sum) {
    long s = (sum >>> 32) + (sum & LOW);
    s = (s >>> 32) + (s & LOW);
    int folded = (int) ((s >>> 16) + (s & 0xffff));
    folded = (folded >>> 16) + (folded & 0xffff);
    return folded;
  }

  /** Writes the complement of the sum: a finished checksum. */
  public static void store(MemorySegment m, long at, long sum) {
    m.set(WORD2, at, (short) ~fold(sum));
  }

  /** Writes the folded sum itself: the pseudo header's part where hardware is to do the rest. */
  public static void storePartial(MemorySegment m, long at, long sum) {
    m.set(WORD2, at, (short) fold(sum));
  }

  /**
   * Follows the change of a 32-bit field in what a finished checksum covers, without looking at the
   * rest (RFC 1624, equation 3).
   */
  public static void replace(MemorySegment m, long at, int oldWord, int newWord) {
    follow(m, at, change(oldWord, newWord));
  }

  /**
   * As {@link #replace} of a 16-bit field.
   *
   * @param field how far behind the begin of what the checksum covers; may be odd
   */
  public static void replaceField(MemorySegment m, long at, int field, int old, int now) {
    boolean odd = (field & 1) != 0;
    long sum = ~m.get(WORD2, at) & 0xffffL;
    store(
        m, at, sum + (~ofField(odd ? swap(old) : old) & 0xffffL) + ofField(odd ? swap(now) : now));
  }

  private static int swap(int value) {
    return (value & 0xff) << 8 | (value >>> 8 & 0xff);
  }

  /** As {@link #replace}, where only the folded sum of the pseudo header is stored. */
  public static void replacePartial(MemorySegment m, long at, int oldWord, int newWord) {
    followPartial(m, at, change(oldWord, newWord));
  }

  /** What a checksum's sum changes by where one 32-bit field takes the place of another. */
  public static long change(int oldWord, int newWord) {
    return (~ofWord(oldWord) & LOW) + ofWord(newWord);
  }

  /** What a checksum's sum changes by where one IPv6 address takes the place of another. */
  public static long change(long oldHigh, long oldLow, long newHigh, long newLow) {
    return complements(oldHigh) + complements(oldLow) + words(newHigh) + words(newLow);
  }

  private static long words(long value) {
    return ofWord((int) (value >>> 32)) + ofWord((int) value);
  }

  private static long complements(long value) {
    return (~ofWord((int) (value >>> 32)) & LOW) + (~ofWord((int) value) & LOW);
  }

  /** Follows a {@link #change} in what a finished checksum covers. */
  public static void follow(MemorySegment m, long at, long change) {
    store(m, at, (~m.get(WORD2, at) & 0xffffL) + change);
  }

  /** As {@link #follow}, where only the folded sum of the pseudo header is stored. */
  public static void followPartial(MemorySegment m, long at, long change) {
    storePartial(m, at, (m.get(WORD2, at) & 0xffffL) + change);
  }

  /** Whether {@link #storePartial} would write what is there. */
  public static boolean isPartial(MemorySegment m, long at, long sum) {
    return m.get(WORD2, at) == (short) fold(sum);
  }

  /** Whether data that contains its checksum is whole. */
  public static boolean verifies(long sum) {
    return fold(sum) == 0xffff;
  }

  /**
   * The pseudo header of TCP and UDP over IPv4 (RFC 9293 section 3.1).
   *
   * @param ip where the IPv4 header begins
   * @param length of the TCP or UDP header and payload
   */
  public static long ofPseudoHeader(MemorySegment m, long ip, int protocol, int length) {
    return add(ofField(protocol) + ofField(length), m, ip + Ipv4Header.SOURCE_OFFSET, 8);
  }

  /**
   * The pseudo header of TCP, UDP and ICMPv6 over IPv6 (RFC 8200 section 8.1), where the header's
   * destination is the last one.
   *
   * @param ip where the IPv6 header begins
   * @param length of what is behind the extension headers, below 2^16
   */
  public static long ofPseudoHeader6(MemorySegment m, long ip, int protocol, int length) {
    return add(ofField(protocol) + ofField(length), m, ip + Ipv6Header.SOURCE_OFFSET, 32);
  }
}
