package io.meshd.dataplane.offload;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.TcpHeader;
import io.meshd.dataplane.wire.TestFrames;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Cutting and joining against an oracle that builds each frame from scratch, and each other. */
class SegmentationTest {
  private static final int ROUNDS = 3000;
  private final FrameView view = new FrameView();
  private final TcpSegmenter segmenter = new TcpSegmenter();
  private final TcpCoalescer coalescer = new TcpCoalescer();

  @Test
  void cutsAsTheOracleDoes() {
    SplittableRandom random = new SplittableRandom(41);
    for (int round = 0; round < ROUNDS; round++) {
      int flags = TcpHeader.ACK | random.nextInt(256);
      TestFrames.Tcp tcp = tcp(random, flags);
      int size = random.nextInt(1, 1500);
      List<byte[]> expected = oracle(tcp, size);
      List<byte[]> actual = segments(tcp.bytes(), size);
      assertEquals(expected.size(), actual.size());
      for (int i = 0; i < expected.size(); i++) {
        assertArrayEquals(expected.get(i), actual.get(i), "round " + round + " segment " + i);
      }
    }
  }

  @Test
  void joiningWhatWasCutIsIdentity() {
    SplittableRandom random = new SplittableRandom(42);
    for (int round = 0; round < ROUNDS; round++) {
      int psh = random.nextBoolean() ? TcpHeader.PSH : 0;
      TestFrames.Tcp tcp = tcp(random, TcpHeader.ACK | psh);
      int payload = tcp.payload().length;
      int size = random.nextInt(Math.max(1, payload / TcpCoalescer.MAX_SEGMENTS + 1), 1500);
      byte[] whole = tcp.bytes();
      Run run = join(segments(whole, size));
      assertEquals((payload + size - 1) / size, run.joined());
      assertEquals(Math.min(size, payload), coalescer.segmentSize());
      // The checksum is left to the device: all but it is as it was.
      MemorySegment.ofArray(whole).asSlice(50, 2).fill((byte) 0);
      MemorySegment.ofArray(run.bytes()).asSlice(50, 2).fill((byte) 0);
      assertArrayEquals(whole, run.bytes(), "round " + round);
    }
  }

  @Test
  void thePartialChecksumIsThePseudoHeaders() {
    TestFrames.Tcp tcp = tcp(new SplittableRandom(43), TcpHeader.ACK);
    byte[] whole = tcp.bytes();
    byte[] joined = join(segments(whole, 1448)).bytes();
    int sum = TestFrames.slowChecksum(joined, 0, 0, 0, 34, joined.length - 34);
    assertEquals(whole[50], (byte) (sum >>> 8));
    assertEquals(whole[51], (byte) sum);
  }

  @Test
  void aDamagedFrameNeitherStartsNorJoins() {
    SplittableRandom random = new SplittableRandom(44);
    for (int round = 0; round < 500; round++) {
      List<byte[]> segments = segments(tcp(random, TcpHeader.ACK, 5000).bytes(), 1000);
      int damaged = random.nextInt(segments.size());
      byte[] frame = segments.get(damaged);
      frame[14 + random.nextInt(frame.length - 14)] ^= (byte) (1 << random.nextInt(8));
      assertTrue(join(segments).joined() <= damaged, "round " + round);
    }
  }

  @Test
  void aRunEndsWhereTheFlowDoes() {
    SplittableRandom random = new SplittableRandom(45);
    List<byte[]> one = segments(tcp(random, TcpHeader.ACK, 3000).bytes(), 1000);
    List<byte[]> other = segments(tcp(random, TcpHeader.ACK, 3000).bytes(), 1000);
    assertEquals(1, join(List.of(one.get(0), other.get(1))).joined());
    assertEquals(1, join(List.of(one.get(0), one.get(2))).joined(), "a hole");
    assertEquals(1, join(List.of(one.get(1), one.get(0))).joined(), "out of order");
    byte[] shorter = Arrays.copyOf(one.get(1), 20);
    assertEquals(1, join(List.of(one.get(0), shorter)).joined(), "truncated");
    for (int flag : new int[] {TcpHeader.FIN, TcpHeader.SYN, TcpHeader.CWR, 4, 32, 64}) {
      byte[] odd = tcp(random, TcpHeader.ACK | flag, 100).bytes();
      assertFalse(begin(odd, odd.length), "flag " + flag);
    }
    assertFalse(begin(tcp(random, TcpHeader.ACK, 0).bytes(), 54), "an empty ACK");
  }

  private TestFrames.Tcp tcp(SplittableRandom random, int flags) {
    return tcp(random, flags, random.nextInt(1, 65_000));
  }

  private TestFrames.Tcp tcp(SplittableRandom random, int flags, int payload) {
    return TestFrames.tcp(random, flags, 4 * random.nextInt(11), payload);
  }

  /** What a device without offloads would have been given, one by one. */
  private static List<byte[]> oracle(TestFrames.Tcp tcp, int size) {
    List<byte[]> frames = new ArrayList<>();
    byte[] payload = tcp.payload();
    int count = (payload.length + size - 1) / size;
    for (int i = 0; i < count; i++) {
      int flags = tcp.flags();
      if (i > 0) {
        flags &= ~TcpHeader.CWR;
      }
      if (i < count - 1) {
        flags &= ~(TcpHeader.FIN | TcpHeader.PSH);
      }
      byte[] part = Arrays.copyOfRange(payload, i * size, Math.min(payload.length, (i + 1) * size));
      frames.add(
          new TestFrames.Tcp(
                  tcp.sourceMac(),
                  tcp.destinationMac(),
                  tcp.source(),
                  tcp.destination(),
                  tcp.id() + i,
                  tcp.dontFragment(),
                  tcp.sequence() + i * size,
                  flags,
                  tcp.optionBytes(),
                  part)
              .bytes());
    }
    return frames;
  }

  private List<byte[]> segments(byte[] frame, int size) {
    MemorySegment m = MemorySegment.ofArray(frame);
    assertEquals(FrameView.Verdict.OK, view.parse(m, 0, frame.length));
    int count = segmenter.begin(view, size);
    List<byte[]> frames = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int headers = segmenter.headersLength();
      byte[] segment = new byte[headers + segmenter.payloadLength(i)];
      segmenter.writeHeaders(i, MemorySegment.ofArray(segment), 0);
      System.arraycopy(
          frame, (int) segmenter.payloadAt(i), segment, headers, segmenter.payloadLength(i));
      frames.add(segment);
    }
    return frames;
  }

  /**
   * @param joined how many of the frames
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Run(int joined, byte[] bytes) {}

  private Run join(List<byte[]> frames) {
    int total = frames.stream().mapToInt(frame -> frame.length).sum();
    byte[] memory = new byte[total];
    int end = 0;
    for (byte[] frame : frames) {
      System.arraycopy(frame, 0, memory, end, frame.length);
      end += frame.length;
    }
    if (!begin(memory, frames.getFirst().length)) {
      return new Run(0, new byte[0]);
    }
    int at = frames.getFirst().length;
    for (byte[] frame : frames.subList(1, frames.size())) {
      if (!coalescer.append(at, frame.length)) {
        break;
      }
      at += frame.length;
    }
    byte[] joined = new byte[70_000];
    coalescer.writeHeaders(MemorySegment.ofArray(joined), 0);
    int length = coalescer.headersLength();
    for (int i = 0; i < coalescer.segments(); i++) {
      System.arraycopy(
          memory, (int) coalescer.payloadAt(i), joined, length, coalescer.payloadLength(i));
      length += coalescer.payloadLength(i);
    }
    return new Run(coalescer.segments(), Arrays.copyOf(joined, length));
  }

  private boolean begin(byte[] memory, int length) {
    FrameView.Verdict verdict = view.parse(MemorySegment.ofArray(memory), 0, length);
    return verdict == FrameView.Verdict.OK && coalescer.begin(view);
  }
}
