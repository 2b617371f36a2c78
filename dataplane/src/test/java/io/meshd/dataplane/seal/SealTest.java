package io.meshd.dataplane.seal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.meshd.dataplane.DataKey;
import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.switching.DropReason;
import io.meshd.dataplane.wire.SealedHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes and what one seals for the other, datagram by datagram. */
class SealTest {
  private static final int VNI = 4097;
  private static final Ipv4Address A = Ipv4Address.parse("10.99.0.1");
  private static final Ipv4Address B = Ipv4Address.parse("10.99.0.2");
  private static final Ipv4Address C = Ipv4Address.parse("10.99.0.3");
  private static final DataKey OLD = key(1);
  private static final DataKey NEW = key(2);

  private final MemorySegment memory = Arena.ofAuto().allocate(70_000, 64);
  private final SealTable.Compiler tablesOfA = new SealTable.Compiler(A);
  private final SealTable.Compiler tablesOfB = new SealTable.Compiler(B);
  private final Sealer a = new Sealer();
  private final Opener b = new Opener(ReplayMemory.anonymous());
  private final SplittableRandom random = new SplittableRandom(4106);

  private static DataKey key(int value) {
    byte[] secret = new byte[DataKey.LENGTH];
    Arrays.fill(secret, (byte) value);
    return new DataKey(secret);
  }

  @BeforeEach
  void bothHaveAKey() {
    a.use(tablesOfA.compile(spec(VNI, List.of(B, C), OLD)));
    b.use(tablesOfB.compile(spec(VNI, List.of(A, C), OLD)));
  }

  @AfterEach
  void close() {
    a.close();
    b.close();
  }

  private static ForwardingSpec spec(int vni, List<Ipv4Address> vteps, DataKey... ring) {
    ForwardingSpec.Network network =
        new ForwardingSpec.Network(
            "n",
            "n",
            vni,
            Ipv4Address.parse("10.0.1.1"),
            null,
            List.of(),
            List.of(),
            vteps,
            false,
            List.of(),
            ForwardingSpec.Preserved.NONE,
            true);
    return new ForwardingSpec(List.of(network), List.of(ring));
  }

  private byte[] sealed(Sealer sealer, int vni, Ipv4Address to, byte[] frame) {
    MemorySegment.copy(frame, 0, memory, ValueLayout.JAVA_BYTE, SealedHeader.LENGTH, frame.length);
    int length = sealer.seal(vni, to.bits(), memory, 0, frame.length);
    return length < 0 ? new byte[0] : memory.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
  }

  private byte[] sealed(byte[] frame) {
    return sealed(a, VNI, B, frame);
  }

  /** The frame's length; or -1, and then the reason is the opener's. */
  private int opened(Opener opener, Ipv4Address from, byte[] datagram) {
    MemorySegment.copy(datagram, 0, memory, ValueLayout.JAVA_BYTE, 64, datagram.length);
    return opener.open(from.bits(), memory, 64, datagram.length);
  }

  private void refused(DropReason reason, byte[] datagram) {
    assertEquals(-1, opened(b, A, datagram));
    assertEquals(reason, b.reason());
  }

  private void taken(byte[] frame, byte[] datagram) {
    assertEquals(frame.length, opened(b, A, datagram));
    assertArrayEquals(
        frame,
        memory.asSlice(64 + SealedHeader.LENGTH, frame.length).toArray(ValueLayout.JAVA_BYTE));
  }

  private byte[] frame(int length) {
    byte[] frame = new byte[length];
    random.nextBytes(frame);
    return frame;
  }

  @Test
  void whatIsSealedIsOpenedAndIsNotInClear() {
    for (int length : new int[] {0, 1, 14, 15, 16, 17, 64, 1438, 9000, 65_000}) {
      byte[] frame = frame(length);
      byte[] datagram = sealed(frame);
      assertEquals(length + 34, datagram.length);
      if (length >= 14) {
        String inside = new String(datagram, StandardCharsets.ISO_8859_1);
        String part = new String(frame, 0, 14, StandardCharsets.ISO_8859_1);
        assertFalse(inside.contains(part));
      }
      taken(frame, datagram);
    }
  }

  @Test
  void noChangedBitIsTaken() {
    byte[] frame = frame(100);
    taken(frame, sealed(frame)); // the epoch is known
    for (boolean epochIsKnown : new boolean[] {true, false}) {
      byte[] datagram = sealed(frame);
      if (!epochIsKnown) {
        b.close();
        b.use(tablesOfB.compile(spec(VNI, List.of(A, C), OLD)));
      }
      for (int bit = 0; bit < datagram.length * 8; bit++) {
        byte[] changed = datagram.clone();
        changed[bit / 8] ^= (byte) (1 << bit % 8);
        assertEquals(-1, opened(b, A, changed), "bit " + bit);
      }
      for (int length = 0; length < datagram.length; length++) {
        assertEquals(-1, opened(b, A, Arrays.copyOf(datagram, length)));
      }
      taken(frame, datagram);
    }
  }

  @Test
  void nothingIsTakenTwice() {
    byte[] frame = frame(60);
    List<byte[]> datagrams = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      datagrams.add(sealed(frame));
    }
    Collections.shuffle(datagrams, new Random(4303));
    datagrams.forEach(datagram -> taken(frame, datagram));
    datagrams.forEach(datagram -> refused(DropReason.REPLAYED, datagram));
    taken(frame, sealed(frame));
  }

  @Test
  void whatComesLongAfterItsTimeIsNotTaken() {
    byte[] frame = frame(60);
    byte[] late = sealed(frame);
    byte[] inTime = late;
    for (int i = 0; i < ReplayWindow.WIDTH; i++) {
      byte[] next = sealed(frame);
      if (i == 0) {
        inTime = next;
      }
      if (i == ReplayWindow.WIDTH - 1) {
        taken(frame, next);
      }
    }
    taken(frame, inTime);
    refused(DropReason.REPLAYED, late);
  }

  @Test
  void aDatagramIsForOneDirectionAndOneNetwork() {
    byte[] frame = frame(60);
    byte[] datagram = sealed(frame);
    assertEquals(-1, opened(b, C, datagram), "as if another node had sent it");
    assertEquals(DropReason.BAD_TAG, b.reason());
    try (Opener back = new Opener(ReplayMemory.anonymous());
        Opener third = new Opener(ReplayMemory.anonymous())) {
      back.use(tablesOfA.compile(spec(VNI, List.of(B), OLD)));
      assertEquals(-1, opened(back, B, datagram), "thrown back at its sender");
      assertEquals(DropReason.BAD_TAG, back.reason());
      third.use(new SealTable.Compiler(C).compile(spec(VNI, List.of(A), OLD)));
      assertEquals(-1, opened(third, A, datagram), "led to another node");
      b.use(tablesOfB.compile(spec(VNI + 1, List.of(A), OLD)));
      refused(DropReason.NO_KEY, datagram);
      datagram[6]++;
      refused(DropReason.BAD_TAG, datagram);
    }
  }

  @Test
  void aNewKeyIsReadBeforeItIsUsedAndTheOldOneUntilItGoes() {
    byte[] frame = frame(60);
    byte[] early = sealed(frame);
    b.use(tablesOfB.compile(spec(VNI, List.of(A), OLD, NEW)));
    taken(frame, early);
    a.use(tablesOfA.compile(spec(VNI, List.of(B), OLD, NEW)));
    taken(frame, sealed(frame));
    byte[] inFlight = sealed(frame);
    a.use(tablesOfA.compile(spec(VNI, List.of(B), NEW, OLD)));
    byte[] first = sealed(frame);
    taken(frame, first);
    taken(frame, inFlight);
    b.use(tablesOfB.compile(spec(VNI, List.of(A), NEW, OLD)));
    refused(DropReason.REPLAYED, first);
    refused(DropReason.REPLAYED, inFlight);
    b.use(tablesOfB.compile(spec(VNI, List.of(A), NEW)));
    refused(DropReason.UNKNOWN_KEY, inFlight);
    taken(frame, sealed(frame));
  }

  @Test
  void withoutAKeyNothingIsSealedOrOpened() {
    byte[] datagram = sealed(frame(60));
    a.use(tablesOfA.compile(spec(VNI, List.of(B))));
    assertEquals(0, sealed(frame(60)).length);
    assertEquals(0, sealed(a, VNI, C, frame(60)).length, "not on that network any more");
    assertEquals(0, sealed(a, VNI + 1, B, frame(60)).length);
    b.use(tablesOfB.compile(spec(VNI, List.of(A))));
    refused(DropReason.NO_KEY, datagram);
    b.use(tablesOfB.compile(spec(VNI, List.of(A), NEW)));
    refused(DropReason.UNKNOWN_KEY, datagram);
  }

  @Test
  void noNonceComesTwiceHoweverOftenOneBeginsAnew() {
    Set<String> seen = new HashSet<>();
    for (int round = 0; round < 50; round++) {
      try (Sealer run = new Sealer()) {
        run.use(tablesOfA.compile(spec(VNI, List.of(B, C), OLD)));
        for (int i = 0; i < 3; i++) {
          assertTrue(seen.add(nonce(sealed(run, VNI, B, frame(20)))));
        }
        run.use(tablesOfA.compile(spec(VNI, List.of(C), OLD)));
        run.use(tablesOfA.compile(spec(VNI, List.of(B, C), OLD)));
        assertTrue(seen.add(nonce(sealed(run, VNI, B, frame(20)))));
      }
    }
  }

  private static String nonce(byte[] datagram) {
    MemorySegment m = MemorySegment.ofArray(datagram);
    return SealedHeader.epoch(m, 0) + "." + SealedHeader.number(m, 0);
  }

  @Test
  void epochsOfANodeThatWasAwayAreNotForgotten() {
    byte[] frame = frame(60);
    byte[] datagram = sealed(frame);
    taken(frame, datagram);
    b.use(tablesOfB.compile(spec(VNI, List.of(C), OLD)));
    refused(DropReason.NO_KEY, datagram);
    b.use(tablesOfB.compile(spec(VNI, List.of(A, C), OLD)));
    refused(DropReason.REPLAYED, datagram);
    taken(frame, sealed(frame));
  }

  @Test
  void aSuccessorKnowsWhatCameBefore(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("windows");
    byte[] frame = frame(60);
    List<byte[]> came = new ArrayList<>();
    for (int run = 0; run < 3; run++) {
      try (ReplayMemory windows = ReplayMemory.map(file);
          Opener opener = new Opener(windows)) {
        opener.use(tablesOfB.compile(spec(VNI, List.of())));
        opener.use(tablesOfB.compile(spec(VNI, List.of(A), OLD)));
        for (byte[] datagram : came) {
          assertEquals(-1, opened(opener, A, datagram));
          assertEquals(DropReason.REPLAYED, opener.reason());
        }
        for (int i = 0; i < 5; i++) {
          byte[] datagram = sealed(frame);
          came.add(datagram);
          assertEquals(frame.length, opened(opener, A, datagram));
        }
      }
    }
    try (ReplayMemory windows = ReplayMemory.map(file);
        Opener opener = new Opener(windows)) {
      opener.use(tablesOfB.compile(spec(VNI, List.of(A), NEW)));
      opener.use(tablesOfB.compile(spec(VNI, List.of(A), NEW, OLD)));
      assertEquals(frame.length, opened(opener, A, came.getFirst()), "the key had left the ring");
    }
    Files.write(file, new byte[] {1, 2, 3});
    try (ReplayMemory windows = ReplayMemory.map(file);
        Opener opener = new Opener(windows)) {
      opener.use(tablesOfB.compile(spec(VNI, List.of(A), OLD)));
      assertEquals(frame.length, opened(opener, A, came.getFirst()), "the file was another's");
    }
  }

  @Test
  void moreEpochsThanCiphersAreAtHand() {
    List<Sealer> runs = new ArrayList<>();
    byte[] frame = frame(60);
    for (int i = 0; i < 50; i++) {
      Sealer run = new Sealer();
      run.use(tablesOfA.compile(spec(VNI, List.of(B), OLD)));
      runs.add(run);
    }
    for (int round = 0; round < 3; round++) {
      for (Sealer run : runs) {
        byte[] datagram = sealed(run, VNI, B, frame);
        taken(frame, datagram);
        refused(DropReason.REPLAYED, datagram);
      }
    }
    runs.forEach(Sealer::close);
  }

  @Test
  void aSenderThatBeginsAnewTooOftenIsNotTakenAnyMore() {
    byte[] frame = frame(20);
    byte[] kept = sealed(frame);
    taken(frame, kept);
    for (int i = 1; i < 4096; i++) {
      try (Sealer run = new Sealer()) {
        run.use(tablesOfA.compile(spec(VNI, List.of(B), OLD)));
        taken(frame, sealed(run, VNI, B, frame));
      }
    }
    try (Sealer run = new Sealer()) {
      run.use(tablesOfA.compile(spec(VNI, List.of(B), OLD)));
      refused(DropReason.TOO_MANY_EPOCHS, sealed(run, VNI, B, frame));
    }
    taken(frame, sealed(frame));
    refused(DropReason.REPLAYED, kept);
  }

  @Test
  void randomChangesAreNeverTaken() {
    byte[] frame = frame(200);
    for (int round = 0; round < 50_000; round++) {
      byte[] datagram = sealed(frame);
      int changes = random.nextInt(1, 5);
      byte[] changed = datagram.clone();
      for (int i = 0; i < changes; i++) {
        changed[random.nextInt(changed.length)] ^= (byte) random.nextInt(1, 256);
      }
      if (random.nextInt(4) == 0) {
        changed = Arrays.copyOf(changed, random.nextInt(changed.length + 20));
      }
      if (!Arrays.equals(changed, datagram)) {
        assertEquals(-1, opened(b, A, changed));
      }
      if (round % 16 == 0) {
        taken(frame, datagram);
      }
    }
  }

  @Test
  void noGarbageIsMadePerDatagram() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    int rounds = 20_000;
    long bytes = Long.MAX_VALUE;
    for (int attempt = 0; attempt < 50 && bytes > rounds; attempt++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < rounds; i++) {
        int length = a.seal(VNI, B.bits(), memory, 0, 1400);
        assertEquals(1400, b.open(A.bits(), memory, 0, length));
      }
      bytes = threads.getCurrentThreadAllocatedBytes() - before;
    }
    assertTrue(bytes < rounds, bytes + " bytes for " + rounds + " datagrams");
  }
}
