package io.meshd.dataplane.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class InternetChecksumTest {

  @Test
  void theExampleOfRfc1071() {
    byte[] bytes = {0, 1, (byte) 0xf2, 3, (byte) 0xf4, (byte) 0xf5, (byte) 0xf6, (byte) 0xf7};
    MemorySegment m = MemorySegment.ofArray(new byte[2]);
    InternetChecksum.store(m, 0, InternetChecksum.add(0, MemorySegment.ofArray(bytes), 0, 8));
    assertEquals(~0xddf2 & 0xffff, NetworkOrder.u16(m, 0));
  }

  @Test
  void agreesWithTheSlowSumOnAnyBytes() {
    SplittableRandom random = new SplittableRandom(1071);
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = new byte[random.nextInt(1, 300)];
      random.nextBytes(bytes);
      if (random.nextInt(10) == 0) {
        Arrays.fill(bytes, (byte) 0xff); // carries everywhere
      }
      int at = random.nextInt(bytes.length);
      int length = random.nextInt(bytes.length - at + 1);
      int start = random.nextInt(65_536);
      MemorySegment m = MemorySegment.ofArray(new byte[2]);
      long sum = InternetChecksum.ofField(start);
      InternetChecksum.store(
          m, 0, InternetChecksum.add(sum, MemorySegment.ofArray(bytes), at, length));
      int expected = TestFrames.slowChecksum(bytes, 0, 0, start, at, length);
      // Zero has two forms; both mean the same sum.
      assertEquals(expected % 0xffff, NetworkOrder.u16(m, 0) % 0xffff, "round " + round);
    }
  }

  @Test
  void wordsAndFieldsAreTheSameSum() {
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < 1000; i++) {
      int word = random.nextInt();
      assertEquals(
          InternetChecksum.fold(
              InternetChecksum.ofField(word >>> 16) + InternetChecksum.ofField(word)),
          InternetChecksum.fold(InternetChecksum.ofWord(word)));
    }
  }

  @Test
  void aFlippedBitIsSeen() {
    byte[] frame = TestFrames.tcp(new SplittableRandom(3), TcpHeader.ACK, 12, 1000).bytes();
    MemorySegment m = MemorySegment.ofArray(frame);
    int tcpLength = frame.length - 34;
    for (int bit = 0; bit < 8 * tcpLength; bit += 7) {
      frame[34 + bit / 8] ^= (byte) (1 << bit % 8);
      assertFalse(verifies(m, tcpLength));
      frame[34 + bit / 8] ^= (byte) (1 << bit % 8);
    }
    assertTrue(verifies(m, tcpLength));
  }

  private static boolean verifies(MemorySegment frame, int tcpLength) {
    long pseudo = InternetChecksum.ofPseudoHeader(frame, 14, Ipv4Header.PROTOCOL_TCP, tcpLength);
    return InternetChecksum.verifies(InternetChecksum.add(pseudo, frame, 34, tcpLength));
  }
}
