package io.meshd.gossip.transport;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.KeyRing;
import io.meshd.gossip.wire.PushPull.Liveness;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Members of ours on real sockets, and strangers who mean no good. */
@Timeout(60)
@Execution(ExecutionMode.CONCURRENT)
class NettyTransportTest {
  private static final KeyRing OLD = ring("0123456789abcdef");
  private static final KeyRing BOTH_OLD_FIRST =
      ring("0123456789abcdef", "fedcba9876543210fedcba98");
  private static final KeyRing BOTH_NEW_FIRST =
      ring("fedcba9876543210fedcba98", "0123456789abcdef");
  private static final KeyRing NEW = ring("fedcba9876543210fedcba98");

  private static KeyRing ring(String... keys) {
    return KeyRing.of(
        List.of(keys).stream()
            .map(key -> Bytes.of(key.getBytes(StandardCharsets.US_ASCII)))
            .toList());
  }

  @Test
  void membersMeetInClearAndEncryptedAndLabelled() throws Exception {
    for (String label : List.of("", "a cluster")) {
      for (KeyRing keys : new KeyRing[] {null, OLD}) {
        String first = Loopback.next();
        try (LiveMember a = new LiveMember("a", first, label, keys);
            LiveMember b = new LiveMember("b", Loopback.next(), label, keys, first)) {
          await().atMost(Duration.ofSeconds(5)).until(() -> a.living() == 2 && b.living() == 2);
          b.leave();
          await().until(() -> a.state("b") == Liveness.LEFT);
        }
      }
    }
  }

  @Test
  void anotherKeyOrLabelStaysOutside() throws Exception {
    String first = Loopback.next();
    try (LiveMember a = new LiveMember("a", first, "ours", OLD);
        LiveMember b = new LiveMember("b", Loopback.next(), "ours", NEW, first);
        LiveMember c = new LiveMember("c", Loopback.next(), "theirs", OLD, first);
        LiveMember d = new LiveMember("d", Loopback.next(), "ours", null, first)) {
      TransportCounters counters = a.transport.counters();
      await()
          .until(
              () ->
                  counters.get(TransportCounter.REFUSED_NOT_DECRYPTED) >= 2
                      && counters.get(TransportCounter.REFUSED_BAD_LABEL) >= 1);
      assertEquals(1, a.living());
      assertEquals(List.of(1, 1, 1), List.of(b.living(), c.living(), d.living()));
    }
  }

  @Test
  void keysAreRotatedOneMemberAfterTheOther() throws Exception {
    String first = Loopback.next();
    try (LiveMember a = new LiveMember("a", first, OLD);
        LiveMember b = new LiveMember("b", Loopback.next(), OLD, first)) {
      await().until(() -> a.living() == 2 && b.living() == 2);
      for (KeyRing step : List.of(BOTH_OLD_FIRST, BOTH_NEW_FIRST, NEW)) {
        a.transport.keys(step);
        assertHeard(a, b);
        b.transport.keys(step);
        assertHeard(a, b);
      }
      assertEquals(0, a.transport.counters().get(TransportCounter.REFUSED_NOT_DECRYPTED));
      assertEquals(0, b.transport.counters().get(TransportCounter.REFUSED_NOT_DECRYPTED));
      assertTrue(a.seen.stream().noneMatch(line -> line.endsWith("SUSPECT")));
    }
  }

  private static void assertHeard(LiveMember a, LiveMember b) {
    String rack = Long.toString(System.nanoTime());
    a.call(
        () -> {
          a.node.retag(Map.of("rack", rack));
          return 0;
        });
    await()
        .until(
            () ->
                b.call(
                    () ->
                        Objects.requireNonNull(b.node.members().peer("a"))
                            .tags()
                            .containsValue(rack)));
  }

  @Test
  void whoDribblesIsCutOffAndOthersAreServed() throws Exception {
    String first = Loopback.next();
    String stranger = Loopback.next();
    List<Socket> sockets = new ArrayList<>();
    try (LiveMember a = new LiveMember("a", first, OLD)) {
      for (int i = 0; i < StreamServer.MAX_STREAMS_OF_ONE + 10; i++) {
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress(stranger, 0));
        socket.connect(new InetSocketAddress(first, 7946));
        socket.setSoTimeout(15_000);
        dribble(socket);
        sockets.add(socket);
      }
      TransportCounters counters = a.transport.counters();
      await().until(() -> counters.get(TransportCounter.STREAMS_TOO_MANY) == 10);
      try (LiveMember b = new LiveMember("b", Loopback.next(), OLD, first)) {
        await().atMost(Duration.ofSeconds(5)).until(() -> b.living() == 2);
      }
      await()
          .atMost(Duration.ofSeconds(13))
          .until(
              () ->
                  counters.get(TransportCounter.STREAMS_TIMED_OUT)
                      == StreamServer.MAX_STREAMS_OF_ONE);
      for (Socket socket : sockets) {
        assertEquals(-1, end(socket));
      }
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  private static void dribble(Socket socket) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(new byte[] {10, 0, 0, 1, 0, 1});
    out.flush();
  }

  private static int end(Socket socket) {
    try {
      return socket.getInputStream().read();
    } catch (IOException e) {
      return -1;
    }
  }

  @Test
  void garbageIsCountedAndHarmsNobody() throws Exception {
    String first = Loopback.next();
    try (LiveMember a = new LiveMember("a", first, null);
        LiveMember b = new LiveMember("b", Loopback.next(), null, first);
        DatagramSocket socket = new DatagramSocket()) {
      await().until(() -> a.living() == 2 && b.living() == 2);
      for (byte[] bytes :
          List.of(
              new byte[0],
              new byte[] {99, (byte) 0x80},
              new byte[] {7, (byte) 255},
              new byte[] {12, 0, 0, 0, 0, 1},
              new byte[60_000])) {
        socket.send(new DatagramPacket(bytes, bytes.length, InetAddress.getByName(first), 7946));
      }
      try (Socket stream = new Socket(first, 7946)) {
        stream.getOutputStream().write(new byte[] {99, 1, 2, 3});
        stream.setSoTimeout(5_000);
        assertEquals(-1, end(stream));
      }
      TransportCounters counters = a.transport.counters();
      await().until(() -> counters.get(TransportCounter.REFUSED_BAD_TYPE) >= 2);
      await().until(() -> counters.get(TransportCounter.REFUSED_BAD_CRC) == 1);
      assertNotEquals(0, counters.get(TransportCounter.REFUSED_TRUNCATED));
      assertEquals(Liveness.ALIVE, a.state("b"));
    }
  }

  @Test
  void threeIdleMembersCostNearlyNothing() throws Exception {
    int packets = Boolean.getBoolean("meshd.long") ? 120 : 12;
    String first = Loopback.next();
    try (LiveMember a = new LiveMember("a", first, OLD);
        LiveMember b = new LiveMember("b", Loopback.next(), OLD, first);
        LiveMember c = new LiveMember("c", Loopback.next(), OLD, first)) {
      await().until(() -> a.living() == 3 && b.living() == 3 && c.living() == 3);
      TransportCounters counters = a.transport.counters();
      long sent = counters.get(TransportCounter.DATAGRAMS_SENT);
      long bytes = counters.get(TransportCounter.DATAGRAM_BYTES_SENT);
      long cpu = a.call(NettyTransportTest::cpuNanos);
      long begin = System.nanoTime();
      await()
          .atMost(Duration.ofSeconds(packets))
          .until(() -> counters.get(TransportCounter.DATAGRAMS_SENT) >= sent + packets);
      double seconds = (System.nanoTime() - begin) / 1e9;
      double rate = (counters.get(TransportCounter.DATAGRAM_BYTES_SENT) - bytes) / seconds;
      double busy = (a.call(NettyTransportTest::cpuNanos) - cpu) / 1e9 / seconds;
      System.out.printf(
          Locale.ROOT,
          "idle, 3 members: %.0f bytes/s sent by each, %.2f %% CPU%n",
          rate,
          100 * busy);
      assertTrue(rate < 1_000, rate + " bytes per second");
      assertTrue(busy < 0.05, busy + " of a core, much of it by this test's own questions");
    }
  }

  /** Of the thread that asks. */
  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }
}
