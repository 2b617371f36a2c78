package io.meshd.dataplane.lb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.NetworkOrder;
import io.meshd.dataplane.wire.TcpHeader;
import io.meshd.dataplane.wire.TestFrames;
import io.meshd.dataplane.wire.UdpHeader;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What follows by difference beside what is taken over the whole frame again. */
class AddressRewriterTest {
  private static final int ROUNDS = 20_000;
  private final SplittableRandom random = new SplittableRandom(1071);
  private final FrameView view = new FrameView();

  @Test
  void theChecksumsAreThoseOfAFrameMadeWithTheNewAddresses() {
    for (int round = 0; round < ROUNDS; round++) {
      TestFrames.Tcp tcp =
          TestFrames.tcp(random, TcpHeader.ACK, 4 * random.nextInt(11), random.nextInt(200));
      int source = random.nextInt();
      int destination = random.nextInt();
      byte[] frame = tcp.bytes();
      rewrite(frame, false, source, destination);
      byte[] expected =
          new TestFrames.Tcp(
                  1,
                  2,
                  source,
                  destination,
                  tcp.id(),
                  tcp.dontFragment(),
                  tcp.sequence(),
                  tcp.flags(),
                  tcp.optionBytes(),
                  tcp.payload())
              .bytes();
      assertArrayEquals(expected, frame);
    }
  }

  @Test
  void aPartialChecksumStaysThePseudoHeadersSum() {
    for (int round = 0; round < ROUNDS; round++) {
      byte[] frame = TestFrames.tcp(random, TcpHeader.ACK, 12, random.nextInt(200)).bytes();
      MemorySegment m = MemorySegment.ofArray(frame);
      TcpHeader.storePartialChecksum(m, 34, pseudo(m, 6));
      rewrite(frame, true, random.nextInt(), random.nextInt());
      int stored = TcpHeader.checksum(m, 34);
      TcpHeader.storePartialChecksum(m, 34, pseudo(m, 6));
      assertEquals(TcpHeader.checksum(m, 34), stored);
    }
  }

  @Test
  void udpWithoutChecksumStaysWithoutAndWithOneItIsNeverZero() {
    for (int round = 0; round < ROUNDS; round++) {
      byte[] frame = TestFrames.udp(1, 2, random.nextInt(), random.nextInt(), 40);
      MemorySegment m = MemorySegment.ofArray(frame);
      rewrite(frame, false, random.nextInt(), random.nextInt());
      assertEquals(0, UdpHeader.checksum(m, 34));

      int sum = InternetChecksum.fold(InternetChecksum.add(pseudo(m, 17), m, 34, 48));
      UdpHeader.checksum(m, 34, sum == 0xffff ? sum : Short.reverseBytes((short) ~sum) & 0xffff);
      rewrite(frame, false, random.nextInt(), random.nextInt());
      assertEquals(0xffff, InternetChecksum.fold(InternetChecksum.add(pseudo(m, 17), m, 34, 48)));
    }
  }

  @Test
  void aChecksumThatWouldBecomeZeroIsWrittenTheOtherWay() {
    byte[] frame = TestFrames.udp(1, 2, 0x0a000101, 0x0a000102, 2);
    MemorySegment m = MemorySegment.ofArray(frame);
    UdpHeader.checksum(m, 34, 0x0001);
    view.parse(m, 0, frame.length);
    // The sum grows by one, its complement falls from one to zero.
    AddressRewriter.source(view, false, 1, 0x0a000102);
    assertEquals(0xffff, UdpHeader.checksum(m, 34));
  }

  @Test
  void ofALaterFragmentOnlyTheHeaderChanges() {
    byte[] frame = TestFrames.udp(1, 2, 1, 2, 40);
    MemorySegment m = MemorySegment.ofArray(frame);
    Ipv4Header.fragment(m, 14, 100);
    Ipv4Header.updateChecksum(m, 14, 20);
    byte[] payload = m.asSlice(34).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    rewrite(frame, false, 77, 78);
    assertArrayEquals(payload, m.asSlice(34).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
    assertEquals(0xffff, InternetChecksum.fold(InternetChecksum.add(0, m, 14, 20)));
  }

  private void rewrite(byte[] frame, boolean partial, int source, int destination) {
    view.parse(MemorySegment.ofArray(frame), 0, frame.length);
    AddressRewriter.source(view, partial, 1, source);
    AddressRewriter.destination(view, partial, 2, destination);
  }

  private static long pseudo(MemorySegment m, int protocol) {
    return InternetChecksum.ofPseudoHeader(
        m, 14, protocol, Ipv4Header.totalLength(m, 14) - Ipv4Header.MIN_LENGTH);
  }

  @Test
  void overIpv6TheChecksumsFollowToo() {
    for (int round = 0; round < ROUNDS; round++) {
      int protocol = new int[] {6, 17, 58}[round % 3];
      byte[] payload = new byte[60 + random.nextInt(100)];
      random.nextBytes(payload);
      payload[12] = 5 << 4; // of a TCP header without options
      byte[] frame = TestFrames.ipv6(1, 2, "fd00::1", "fd00::2", protocol, payload);
      MemorySegment m = MemorySegment.ofArray(frame);
      int at = 54 + (protocol == 6 ? 16 : protocol == 17 ? 6 : 2);
      boolean partial = protocol != 58 && random.nextBoolean();
      store(m, at, protocol, payload.length, partial);
      assertEquals(FrameView.Verdict.OK, view.parse(m, 0, frame.length));
      AddressRewriter.source(view, partial, 3, random.nextLong(), random.nextLong());
      AddressRewriter.destination(view, partial, 4, random.nextLong(), random.nextLong());
      int followed = NetworkOrder.u16(m, at);
      store(m, at, protocol, payload.length, partial);
      assertEquals(NetworkOrder.u16(m, at), followed, () -> "protocol " + protocol);
    }
  }

  private static void store(MemorySegment m, int at, int protocol, int length, boolean partial) {
    long pseudo = InternetChecksum.ofPseudoHeader6(m, 14, protocol, length);
    if (partial) {
      InternetChecksum.storePartial(m, at, pseudo);
      return;
    }
    NetworkOrder.put16(m, at, 0);
    InternetChecksum.store(m, at, InternetChecksum.add(pseudo, m, 54, length));
  }
}
