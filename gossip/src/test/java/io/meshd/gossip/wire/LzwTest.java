package io.meshd.gossip.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.gossip.wire.WireException.Reason;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Against a plain writer of the same format, on seeded input. */
class LzwTest {
  @Test
  void inflatesWhatAWriterWrote() throws Exception {
    Random random = new Random(7);
    for (int round = 0; round < 200; round++) {
      byte[] original = new byte[random.nextInt(40_000)];
      // Few symbols make long codes and the case of a code used while it is being defined.
      int symbols = 1 + random.nextInt(round % 2 == 0 ? 3 : 256);
      for (int i = 0; i < original.length; i++) {
        original[i] = (byte) random.nextInt(symbols);
      }
      byte[] compressed = new Writer().write(original);
      assertArrayEquals(original, Lzw.decode(compressed, 40_000));
    }
  }

  @Test
  void moreThanTheLimitIsRefused() {
    byte[] bomb = new Writer().write(new byte[1 << 20]);
    WireException e = assertThrows(WireException.class, () -> Lzw.decode(bomb, 1 << 19));
    assertEquals(Reason.TOO_LARGE, e.reason());
  }

  /** Small parts of one packet that inflate to much together. */
  @Test
  void manySmallBombsAreOneLargeOne() {
    byte[] inside = new byte[1 << 16];
    inside[0] = MessageType.USER;
    byte[] packet = PacketCodec.compound(Collections.nCopies(255, user(inside)));
    WireException e =
        assertThrows(WireException.class, () -> new PacketCodec("", null).decode(packet));
    assertEquals(Reason.TOO_LARGE, e.reason());
    assertTrue(packet.length < 1 << 18);
  }

  private static byte[] user(byte[] message) {
    return new MsgpackWriter()
        .octet(MessageType.COMPRESS)
        .map(1)
        .field("Buf", Bytes.of(new Writer().write(message)))
        .toByteArray();
  }

  @Test
  void everyTruncationIsRefused() {
    byte[] whole = new Writer().write(new byte[5000]);
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertEquals(
          Reason.BAD_COMPRESSION,
          assertThrows(WireException.class, () -> Lzw.decode(cut, 5000)).reason());
    }
  }

  /** Slow and obvious: strings in a map. */
  private static final class Writer {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final Map<String, Integer> codes = new HashMap<>();
    private int high;
    private int width;
    private long bits;
    private int bitCount;

    byte[] write(byte[] original) {
      clear();
      String seen = "";
      for (byte octet : original) {
        String longer = seen + (char) (octet & 0xff);
        if (longer.length() == 1 || codes.containsKey(longer)) {
          seen = longer;
          continue;
        }
        put(code(seen));
        define(longer);
        seen = longer.substring(longer.length() - 1);
      }
      if (!seen.isEmpty()) {
        put(code(seen));
        define(seen + "end");
      }
      put(257);
      while (bitCount > 0) {
        out.write((int) bits);
        bits >>>= 8;
        bitCount -= 8;
      }
      return out.toByteArray();
    }

    private int code(String text) {
      Integer code = codes.get(text);
      return code == null ? text.charAt(0) : code;
    }

    /** The next code is this text; when all are used up the table starts again. */
    private void define(String text) {
      high++;
      if (high == 1 << width) {
        width++;
      }
      if (high == 4095) {
        width = 12;
        clear();
        return;
      }
      codes.put(text, high);
    }

    private void clear() {
      if (width > 0) {
        put(256);
      }
      codes.clear();
      high = 257;
      width = 9;
    }

    private void put(int code) {
      bits |= (long) code << bitCount;
      bitCount += width;
      while (bitCount >= 8) {
        out.write((int) bits);
        bits >>>= 8;
        bitCount -= 8;
      }
    }
  }
}
