package io.meshd.dataplane.offload;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.TcpHeader;
import io.meshd.dataplane.wire.TestFrames;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Every place where the option can be, and options that are none. */
class MssClampTest {
  private static final int TCP = 34;
  private static final int OPTIONS = TCP + 20;
  private static final int SEED = 1624;

  private final Random random = new Random(SEED);
  private final FrameView view = new FrameView();

  /** A SYN with 40 bytes of options. */
  private byte[] syn(int at, int mss) {
    byte[] frame = TestFrames.tcp(random, TcpHeader.SYN, 40, 0).bytes();
    for (int i = 0; i < 40; i++) {
      frame[OPTIONS + i] = 1;
    }
    frame[OPTIONS + at] = 2;
    frame[OPTIONS + at + 1] = 4;
    frame[OPTIONS + at + 2] = (byte) (mss >>> 8);
    frame[OPTIONS + at + 3] = (byte) mss;
    sum(frame);
    return frame;
  }

  private static void sum(byte[] frame) {
    MemorySegment m = MemorySegment.ofArray(frame);
    TcpHeader.checksum(m, TCP, 0);
    int length = frame.length - TCP;
    TcpHeader.checksum(m, TCP, TestFrames.slowChecksum(frame, 26, 8, 6 + length, TCP, length));
  }

  private boolean apply(byte[] frame, boolean partial, int largest) {
    view.parse(MemorySegment.ofArray(frame), 0, frame.length);
    return MssClamp.apply(view, partial, largest);
  }

  @Test
  void lowersWhatIsTooMuchWhereverItIsAndTheChecksumFollows() {
    for (int at = 0; at <= 36; at++) {
      for (int mss : new int[] {1361, 1410, 8910, 65_535}) {
        byte[] frame = syn(at, mss);
        assertEquals(true, apply(frame, false, 1400));
        byte[] expected = frame.clone();
        expected[OPTIONS + at + 2] = 1360 >>> 8;
        expected[OPTIONS + at + 3] = (byte) 1360;
        sum(expected);
        assertArrayEquals(expected, frame, "option at " + at);
      }
    }
  }

  @Test
  void leavesWhatFits() {
    byte[] frame = syn(0, 1360);
    byte[] before = frame.clone();
    assertEquals(false, apply(frame, false, 1400));
    assertArrayEquals(before, frame);
  }

  @Test
  void leavesAPartialChecksumWhichCoversAddressesAlone() {
    byte[] frame = syn(0, 1460);
    int before = TcpHeader.checksum(MemorySegment.ofArray(frame), TCP);
    assertEquals(true, apply(frame, true, 1400));
    assertEquals(before, TcpHeader.checksum(MemorySegment.ofArray(frame), TCP));
  }

  @Test
  void readsNoFurtherThanTheOptionsGo() {
    for (int i = 0; i < 100_000; i++) {
      byte[] frame = TestFrames.tcp(random, TcpHeader.SYN, 4 * random.nextInt(11), 0).bytes();
      for (int at = OPTIONS; at < frame.length; at++) {
        frame[at] = (byte) random.nextInt(6);
      }
      apply(frame, random.nextBoolean(), 300 + random.nextInt(1200));
    }
  }
}
