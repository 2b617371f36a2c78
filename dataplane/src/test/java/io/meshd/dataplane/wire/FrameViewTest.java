package io.meshd.dataplane.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.dataplane.wire.FrameView.Verdict;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FrameViewTest {
  private final FrameView view = new FrameView();

  @Test
  void noLengthOfAFrameIsReadBeyond() {
    SplittableRandom random = new SplittableRandom(7);
    byte[][] frames = {
      TestFrames.tcp(random, TcpHeader.ACK, 12, 10).bytes(),
      TestFrames.udp(1, 2, 3, 4, 10),
      TestFrames.icmpEcho(1, 2, 3, 4, 8),
      TestFrames.arp(1, 1, 2, 3)
    };
    for (byte[] frame : frames) {
      assertEquals(Verdict.OK, parse(frame));
      for (int length = 0; length < frame.length; length++) {
        assertNotEquals(Verdict.UNSUPPORTED, parse(Arrays.copyOf(frame, length)));
      }
      assertEquals(Verdict.MALFORMED, parse(Arrays.copyOf(frame, 41)));
    }
  }

  @Test
  void whatPassesOffersOnlyOffsetsInside() {
    SplittableRandom random = new SplittableRandom(8);
    int passed = 0;
    for (int round = 0; round < 200_000; round++) {
      byte[] frame = TestFrames.tcp(random, random.nextInt(256), 4, 20).bytes();
      for (int i = random.nextInt(4); i >= 0; i--) {
        frame[12 + random.nextInt(40)] = (byte) random.nextInt();
      }
      if (random.nextBoolean()) {
        frame = Arrays.copyOf(frame, random.nextInt(frame.length + 1));
      }
      if (parse(frame) == Verdict.OK) {
        passed++;
        boolean ignored = view.opensFlow();
        int hash = view.flowHash();
        assertEquals(hash, view.flowHash());
        assertTrue(!view.hasTcpHeader() || view.tcpHeadersLength() <= frame.length);
      }
    }
    assertTrue(passed > 10_000, "passed " + passed);
  }

  @Test
  void aPartialChecksumIsTold() {
    byte[] frame = TestFrames.tcp(new SplittableRandom(10), TcpHeader.ACK, 12, 100).bytes();
    assertEquals(Verdict.OK, parse(frame));
    assertFalse(view.hasPartialChecksum());
    int pseudo = ~TestFrames.slowChecksum(frame, 26, 8, 6 + frame.length - 34, 0, 0);
    frame[50] = (byte) (pseudo >>> 8);
    frame[51] = (byte) pseudo;
    assertTrue(view.hasPartialChecksum());
  }

  @Test
  void onlyNewFlowsOpen() {
    SplittableRandom random = new SplittableRandom(9);
    assertTrue(opens(TestFrames.tcp(random, TcpHeader.SYN, 0, 0).bytes()));
    assertFalse(opens(TestFrames.tcp(random, TcpHeader.SYN | TcpHeader.ACK, 0, 0).bytes()));
    assertFalse(opens(TestFrames.tcp(random, TcpHeader.ACK, 0, 5).bytes()));
    assertTrue(opens(TestFrames.icmpEcho(1, 2, 3, 4, 8)));
    assertFalse(opens(TestFrames.icmpEcho(1, 2, 3, 4, 0)));
    assertFalse(opens(TestFrames.udp(1, 2, 3, 4, 0)));
  }

  @Test
  void otherProtocolsAreUnsupported() {
    byte[] frame = TestFrames.udp(1, 2, 3, 4, 10);
    frame[12] = (byte) 0x86;
    frame[13] = (byte) 0xdd;
    assertEquals(Verdict.UNSUPPORTED, parse(frame));
  }

  private boolean opens(byte[] frame) {
    assertEquals(Verdict.OK, parse(frame));
    return view.opensFlow();
  }

  /** The memory is as long as the frame: reading beyond would throw. */
  private Verdict parse(byte[] frame) {
    return view.parse(MemorySegment.ofArray(frame), 0, frame.length);
  }
}
