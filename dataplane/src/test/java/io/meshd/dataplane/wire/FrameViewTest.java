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
        assertTrue(!view.hasTcpHeader() || view.headersLength() <= frame.length);
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
    frame[12] = (byte) 0x81; // a VLAN tag
    frame[13] = 0;
    assertEquals(Verdict.UNSUPPORTED, parse(frame));
  }

  @Test
  void behindIpv6sExtensionHeadersIsWhatTheyLeadTo() {
    byte[] udp = {1, 2, 3, 4, 0, 8, 9, 9};
    byte[] hopByHop = {60, 0, 1, 4, 0, 0, 0, 0}; // then destination options
    byte[] options = {17, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    byte[] frame = ipv6(0, concat(hopByHop, options, udp));
    assertEquals(Verdict.OK, parse(frame));
    assertTrue(view.isIpv6());
    assertTrue(view.hasPorts());
    assertEquals(17, view.protocol());
    assertEquals(40 + 24, view.ipHeaderLength());
    assertEquals(0x01020304, view.ports());
    assertEquals(14 + 40 + 24 + 8, view.headersLength());
    for (int length = 0; length < frame.length; length++) {
      assertEquals(Verdict.MALFORMED, parse(Arrays.copyOf(frame, length)), "length " + length);
    }
    byte[] longer = frame.clone();
    longer[54 + 1] = 77; // an extension header that ends behind the packet
    assertEquals(Verdict.MALFORMED, parse(longer));
    byte[] chain = new byte[72];
    for (int i = 0; i < chain.length; i += 8) {
      chain[i] = 60;
    }
    assertEquals(Verdict.MALFORMED, parse(ipv6(60, chain)), "a chain without end");
  }

  @Test
  void ipv6FragmentsAreTold() {
    byte[] udp = {1, 2, 3, 4, 0, 8, 9, 9};
    assertEquals(Verdict.OK, parse(ipv6(44, concat(new byte[] {17, 0, 0, 1, 0, 0, 0, 7}, udp))));
    assertTrue(view.isFragment() && view.isFirstFragment() && view.hasPorts());
    assertEquals(0, view.checksumOffset());
    assertEquals(Verdict.OK, parse(ipv6(44, concat(new byte[] {17, 0, 0, 8, 0, 0, 0, 7}, udp))));
    assertTrue(view.isFragment() && !view.isFirstFragment() && !view.hasPorts());
    byte[] cut = {17, 0, 0, 1, 0, 0, 0, 7, 1, 2, 3, 4};
    assertEquals(Verdict.MALFORMED, parse(ipv6(44, cut)), "a first fragment without its ports");
  }

  @Test
  void aSourceRouteIsTold() {
    byte[] udp = {1, 2, 3, 4, 0, 8, 9, 9};
    assertEquals(Verdict.OK, parse(ipv6(43, concat(new byte[] {17, 0, 4, 1, 0, 0, 0, 0}, udp))));
    assertTrue(view.isSourceRouted());
    assertEquals(Verdict.OK, parse(ipv6(43, concat(new byte[] {17, 0, 4, 0, 0, 0, 0, 0}, udp))));
    assertFalse(view.isSourceRouted());
  }

  @Test
  void noIpv6FrameIsReadBeyond() {
    SplittableRandom random = new SplittableRandom(11);
    byte[] tcp = new byte[30];
    tcp[12] = 0x50;
    byte[][] good = {
      ipv6(6, tcp),
      ipv6(0, concat(new byte[] {6, 0, 0, 0, 0, 0, 0, 0}, tcp)),
      ipv6(44, concat(new byte[] {6, 0, 0, 1, 0, 0, 0, 7}, tcp)),
      ipv6(58, (byte) 128, (byte) 0, (byte) 0, (byte) 0, (byte) 0)
    };
    int[] types = {0, 6, 17, 43, 44, 51, 58, 59, 60};
    int passed = 0;
    for (int round = 0; round < 200_000; round++) {
      byte[] frame = good[random.nextInt(good.length)].clone();
      for (int i = random.nextInt(4); i >= 0; i--) {
        int at = 14 + random.nextInt(frame.length - 14);
        frame[at] = (byte) random.nextInt();
      }
      if (random.nextBoolean()) {
        frame[20] = (byte) types[random.nextInt(types.length)];
      }
      if (random.nextBoolean()) {
        frame = Arrays.copyOf(frame, random.nextInt(frame.length + 1));
      }
      if (parse(frame) == Verdict.OK) {
        passed++;
        boolean ignored = view.opensFlow() && view.hasPartialChecksum();
        int hash = view.flowHash();
        assertEquals(hash, view.flowHash());
        assertTrue(view.ipLength() + 14 <= frame.length);
        assertTrue(!view.hasPorts() || view.headersLength() <= frame.length);
      }
    }
    assertTrue(passed > 10_000, "passed " + passed);
  }

  private static byte[] ipv6(int nextHeader, byte... payload) {
    return TestFrames.ipv6(1, 2, "fd00::1", "fd00::2", nextHeader, payload);
  }

  private static byte[] concat(byte[]... parts) {
    byte[] all = new byte[0];
    for (byte[] part : parts) {
      byte[] longer = Arrays.copyOf(all, all.length + part.length);
      System.arraycopy(part, 0, longer, all.length, part.length);
      all = longer;
    }
    return all;
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
