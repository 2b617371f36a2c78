package io.meshd.gossip.wire;

import io.meshd.gossip.wire.WireException.Reason;
import java.util.Arrays;

/**
 * Decodes what Go's compress/lzw writes with least significant bits first and 8 bit literals: codes
 * of 9 to 12 bits, 256 clears the table, 257 ends. Compression towards us is on by default in
 * peers; we never compress.
 */
final class Lzw {
  private static final int CLEAR = 256;
  private static final int END = 257;
  private static final int MIN_WIDTH = 9;
  private static final int MAX_WIDTH = 12;
  private static final int NONE = -1;

  private final byte[] in;
  private final int limit;
  private final int[] prefix = new int[1 << MAX_WIDTH];
  private final byte[] suffix = new byte[1 << MAX_WIDTH];
  private final byte[] reversed = new byte[1 << MAX_WIDTH];
  private byte[] out;
  private int written;
  private int position;
  private int bits;
  private int bitCount;

  private Lzw(byte[] in, int limit) {
    this.in = in;
    this.limit = limit;
    this.out = new byte[(int) Math.min(limit, Math.max(64L, 2L * in.length))];
  }

  /**
   * Inflates.
   *
   * @param limit most bytes that may come out
   */
  static byte[] decode(byte[] compressed, int limit) throws WireException {
    return new Lzw(compressed, limit).decode();
  }

  private byte[] decode() throws WireException {
    int width = MIN_WIDTH;
    int high = END;
    int last = NONE;
    while (true) {
      int code = next(width);
      if (code == CLEAR) {
        width = MIN_WIDTH;
        high = END;
        last = NONE;
        continue;
      }
      if (code == END) {
        return Arrays.copyOf(out, written);
      }
      if (code > high || (code == high && last == NONE)) {
        throw new WireException(Reason.BAD_COMPRESSION, "code " + code + " above " + high);
      }
      int first = emit(code, code == high ? last : NONE);
      if (last != NONE) {
        suffix[high] = (byte) first;
        prefix[high] = last;
      }
      last = code;
      high++;
      if (high >= 1 << width) {
        if (width == MAX_WIDTH) {
          // The table is full: no entry is added until the writer clears it.
          last = NONE;
          high--;
        } else {
          width++;
        }
      }
    }
  }

  /**
   * Writes the string of a code, and returns its first byte.
   *
   * @param self for a code that is just being defined: the code before it, whose string and first
   *     byte make it up; else NONE
   */
  private int emit(int code, int self) throws WireException {
    int length = 0;
    int c = code;
    if (self != NONE) {
      int first = self;
      while (first >= CLEAR) {
        first = prefix[first];
      }
      reversed[length++] = (byte) first;
      c = self;
    }
    while (c >= CLEAR) {
      reversed[length++] = suffix[c];
      c = prefix[c];
    }
    reversed[length++] = (byte) c;
    if (written + length > limit) {
      throw new WireException(Reason.TOO_LARGE, "inflates to more than " + limit + " bytes");
    }
    if (written + length > out.length) {
      out = Arrays.copyOf(out, (int) Math.min(limit, Math.max(2L * out.length, written + length)));
    }
    while (length > 0) {
      out[written++] = reversed[--length];
    }
    return c;
  }

  private int next(int width) throws WireException {
    while (bitCount < width) {
      if (position == in.length) {
        throw new WireException(Reason.BAD_COMPRESSION, "ends without its end code");
      }
      bits |= (in[position++] & 0xff) << bitCount;
      bitCount += 8;
    }
    int code = bits & (1 << width) - 1;
    bits >>>= width;
    bitCount -= width;
    return code;
  }
}
