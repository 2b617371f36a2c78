package io.meshd.dataplane.offload;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.dataplane.wire.FrameView;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Cutting and joining against {@link PlainFrame}, on random flows. A flow that fails says its seed;
 * {@code -Dmeshd.seed=SEED} begins with it. {@code -Dmeshd.long=true} takes a million flows.
 */
class OffloadOracleTest {
  private static final int FLOWS = Boolean.getBoolean("meshd.long") ? 1_000_000 : 6_000;
  private static final long SEED = Long.getLong("meshd.seed", 1);

  private final FrameView view = new FrameView();
  private final Segmenter segmenter = new Segmenter();
  private final Coalescer coalescer = new Coalescer();
  private long joined;

  /** What is done with one flow. */
  private interface Check {
    void accept(RandomFlows flows);
  }

  private static void everyFlow(Check check) {
    for (long seed = SEED; seed < SEED + FLOWS; seed++) {
      try {
        check.accept(new RandomFlows(seed));
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("the flow of -Dmeshd.seed=" + seed + ": " + e.getMessage(), e);
      }
    }
  }

  @Test
  void cutsToTheByteAsTheOracleDoes() {
    everyFlow(this::cut);
  }

  private void cut(RandomFlows flows) {
    int size = flows.segmentSize();
    byte[] large = flows.large(size);
    List<byte[]> expected = PlainFrame.known(large).cut(size);
    MemorySegment m = MemorySegment.ofArray(large);
    assertEquals(FrameView.Verdict.OK, view.parse(m, 0, large.length));
    byte[] before = large.clone();
    assertEquals(expected.size(), segmenter.begin(view, size));
    byte junk = (byte) flows.random().nextInt();
    for (int i = 0; i < expected.size(); i++) {
      byte[] frame = expected.get(i);
      int headers = segmenter.headersLength();
      assertEquals(frame.length, headers + segmenter.payloadLength(i));
      byte[] segment = new byte[frame.length];
      Arrays.fill(segment, junk);
      // No longer than the headers: writing beyond would throw.
      segmenter.writeHeaders(i, MemorySegment.ofArray(segment).asSlice(0, headers), 0);
      System.arraycopy(
          large, (int) segmenter.payloadAt(i), segment, headers, segmenter.payloadLength(i));
      assertArrayEquals(frame, segment, "segment " + i);
    }
    assertArrayEquals(before, large, "the frame itself stays as it is");
  }

  @Test
  void joinsExactlyWhatCuttingGivesAgain() {
    everyFlow(flows -> join(flows.stream(), flows.random()));
    assertTrue(joined > 4L * FLOWS, "joined " + joined);
  }

  private void join(List<byte[]> frames, SplittableRandom random) {
    byte[] junk = new byte[64];
    random.nextBytes(junk);
    List<Integer> runs = runs(frames, junk);
    for (int i = 0; i < junk.length; i++) {
      junk[i] = (byte) ~junk[i];
    }
    assertEquals(runs, runs(frames, junk), "what lies around a frame changes nothing");
  }

  /**
   * Joins a stream from beginning to end, as they lie in memory with other bytes between them, and
   * judges each run.
   *
   * @return how many frames each had; 0 for a frame that starts none
   */
  private List<Integer> runs(List<byte[]> frames, byte[] junk) {
    int[] at = new int[frames.size()];
    byte[] memory = laidOut(frames, junk, at);
    byte[] before = memory.clone();
    List<Integer> runs = new ArrayList<>();
    int next = 0;
    while (next < frames.size()) {
      int first = next;
      if (!begin(memory, at[first], frames.get(first).length)) {
        assertFalse(mayStart(frames.get(first)), "frame " + first + " starts no run");
        runs.add(0);
        next++;
        continue;
      }
      assertTrue(mayStart(frames.get(first)), "frame " + first + " starts a run");
      next++;
      while (next < frames.size() && coalescer.append(at[next], frames.get(next).length)) {
        next++;
      }
      judge(frames, first, next, memory);
      runs.add(next - first);
      joined += next - first - 1;
    }
    assertArrayEquals(before, memory, "nothing is written where frames lie");
    return runs;
  }

  private void judge(List<byte[]> frames, int first, int next, byte[] memory) {
    List<PlainFrame> run = new ArrayList<>();
    for (byte[] frame : frames.subList(first, next)) {
      assertTrue(mayStart(frame), "a frame that nobody may join was joined");
      run.add(PlainFrame.known(frame));
    }
    assertEquals(run.size(), coalescer.segments());
    PlainFrame whole = PlainFrame.join(run);
    assertTrue(whole.total() <= 65_535);
    whole.leaveChecksum();
    assertArrayEquals(whole.bytes(), written(memory), "the frame joined of " + run.size());
    assertEquals(whole.data(), coalescer.headersLength());
    assertEquals(whole.transport(), coalescer.transportOffset());
    assertEquals(whole.checksumOffset(), coalescer.checksumOffset());
    assertEquals(whole.ipv4(), !coalescer.isIpv6());
    assertEquals(whole.protocol() == PlainFrame.TCP, coalescer.isTcp());
    assertTrue(isCutOf(run, coalescer.segmentSize()), "cut again it is what came");
    PlainFrame refused = next < frames.size() ? PlainFrame.of(frames.get(next)) : null;
    if (refused != null && mayStart(refused.bytes()) && refused.isShapedAs(run.getFirst())) {
      run.add(refused);
      boolean full = run.size() > Coalescer.MAX_SEGMENTS || PlainFrame.join(run).total() > 65_535;
      assertTrue(full || !isCutOf(run, coalescer.segmentSize()), "frame " + next + " is refused");
    }
  }

  /** Whether the joined frame of these, cut at this size, gives these. */
  private static boolean isCutOf(List<PlainFrame> run, int size) {
    List<byte[]> cut = PlainFrame.join(run).cut(size);
    if (cut.size() != run.size()) {
      return false;
    }
    for (int i = 0; i < cut.size(); i++) {
      PlainFrame again = PlainFrame.of(cut.get(i));
      if (again == null || !Arrays.equals(again.normal(), run.get(i).normal())) {
        return false;
      }
    }
    return true;
  }

  /** A segment of data without anything that its receiver would have to see by itself. */
  private static boolean mayStart(byte[] bytes) {
    PlainFrame frame = PlainFrame.of(bytes);
    return frame != null
        && !frame.hasOptions()
        && frame.data() < frame.end()
        && (frame.protocol() == PlainFrame.TCP
            ? (frame.flags() & ~PlainFrame.PSH) == PlainFrame.ACK
            : !frame.hasNoChecksum())
        && frame.ipChecksumVerifies()
        && (frame.isPartial() || frame.transportChecksumVerifies());
  }

  private boolean begin(byte[] memory, int at, int length) {
    MemorySegment upToItsEnd = MemorySegment.ofArray(memory);
    return view.parse(upToItsEnd, at, length) == FrameView.Verdict.OK && coalescer.begin(view);
  }

  /** The last frame ends where the memory does: reading beyond it would throw. */
  private static byte[] laidOut(List<byte[]> frames, byte[] junk, int[] at) {
    int end = 0;
    for (int i = 0; i < at.length; i++) {
      at[i] = end + junk.length;
      end = at[i] + frames.get(i).length;
    }
    byte[] memory = new byte[end];
    for (int i = 0; i < at.length; i++) {
      System.arraycopy(junk, 0, memory, at[i] - junk.length, junk.length);
      System.arraycopy(frames.get(i), 0, memory, at[i], frames.get(i).length);
    }
    return memory;
  }

  private byte[] written(byte[] memory) {
    int length = coalescer.headersLength();
    for (int i = 0; i < coalescer.segments(); i++) {
      length += coalescer.payloadLength(i);
    }
    byte[] bytes = new byte[length];
    int end = coalescer.headersLength();
    coalescer.writeHeaders(MemorySegment.ofArray(bytes).asSlice(0, end), 0);
    for (int i = 0; i < coalescer.segments(); i++) {
      System.arraycopy(
          memory, (int) coalescer.payloadAt(i), bytes, end, coalescer.payloadLength(i));
      end += coalescer.payloadLength(i);
    }
    return bytes;
  }
}
