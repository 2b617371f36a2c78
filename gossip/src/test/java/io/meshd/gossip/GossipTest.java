package io.meshd.gossip;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.gossip.membership.Timing;
import io.meshd.gossip.protocol.GossipCounter;
import io.meshd.gossip.protocol.Reach;
import io.meshd.gossip.transport.TransportCounter;
import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.KeyRing;
import io.meshd.gossip.wire.PushPull.Liveness;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Three nodes on real sockets, as the daemon uses them. */
@Timeout(60)
@Execution(ExecutionMode.CONCURRENT)
class GossipTest {
  private static final KeyRing KEYS =
      KeyRing.of(List.of(Bytes.of("0123456789abcdef".getBytes(StandardCharsets.US_ASCII))));

  private final String net = "127.60." + ThreadLocalRandom.current().nextInt(1, 255) + ".";

  private final class Node implements GossipListener, AutoCloseable {
    final Map<String, String> seen = new ConcurrentHashMap<>();
    final Map<String, Liveness> members = new ConcurrentHashMap<>();
    final Gossip gossip;

    Node(int host) throws IOException {
      InetSocketAddress bind = new InetSocketAddress(net + host, 7946);
      Address seed = Address.of(new InetSocketAddress(net + 1, 7946));
      gossip =
          Gossip.open(
              new GossipConfig(
                  "node" + host,
                  bind,
                  Address.of(bind),
                  1,
                  Map.of("role", "worker"),
                  "a cluster",
                  KEYS,
                  () -> List.of(seed),
                  Timing.lan()),
              this);
      gossip.follow("net").join();
    }

    @Override
    public void member(Member member) {
      members.put(member.name(), member.state());
    }

    @Override
    public void record(String topic, String owner, String key, @Nullable Bytes value) {
      if (value == null) {
        seen.remove(owner + "/" + key);
      } else {
        seen.put(owner + "/" + key, new String(value.toArray(), StandardCharsets.UTF_8));
      }
    }

    @Override
    public void follows(String topic, String member, boolean follows) {}

    @Override
    public void complete(String topic, String owner) {}

    @Override
    public void close() {
      gossip.close();
    }
  }

  private static Bytes bytes(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void recordsAndMembersOfThreeNodes() throws Exception {
    try (Node a = new Node(1);
        Node b = new Node(2);
        Node c = new Node(3)) {
      b.gossip.publish("net", "before", bytes("v")).join();
      List.of(a, b, c).forEach(node -> node.gossip.start().join());
      await().until(() -> a.seen.equals(Map.of("node2/before", "v")));
      await().until(() -> a.members.size() == 2 && c.members.size() == 2);
      long asked = System.nanoTime();
      c.gossip.publish("net", "ep", bytes("10.0.1.3")).join();
      await()
          .pollInterval(Duration.ofMillis(2))
          .until(() -> "10.0.1.3".equals(a.seen.get("node3/ep")));
      assertTrue(System.nanoTime() - asked < 1_000_000_000L, "a round is 200 ms");
      await()
          .until(
              () ->
                  a.gossip.status().join().agrees(b.gossip.status().join(), "net")
                      && a.gossip.status().join().agrees(c.gossip.status().join(), "net"));
      Duration second = Duration.ofSeconds(1);
      assertEquals(new Reach(true, true), a.gossip.reach("node2", second).join());
      assertEquals(new Reach(false, false), a.gossip.reach("nobody", second).join());
      c.gossip.leave().join();
      await().until(() -> a.members.get("node3") == Liveness.LEFT);
      await().until(() -> a.seen.equals(Map.of("node2/before", "v")));
      GossipStatus status = a.gossip.status().join();
      assertEquals(3, status.members().size());
      assertEquals(0, status.health());
      assertTrue(status.compared().containsKey("node2"));
      assertTrue(status.counters().getOrDefault(GossipCounter.RECORDS_APPLIED, 0L) > 0);
      assertTrue(status.transport().getOrDefault(TransportCounter.DATAGRAMS_SENT, 0L) > 0);
      CompletionException e =
          assertThrows(
              CompletionException.class,
              () -> a.gossip.publish("elsewhere", "k", bytes("v")).join());
      assertInstanceOf(IllegalArgumentException.class, e.getCause());
    }
  }

  @Test
  void anAddressThatIsTakenIsNamed() throws Exception {
    try (Node a = new Node(7)) {
      a.gossip.start().join();
      IOException e = assertThrows(IOException.class, () -> new Node(7).close());
      assertTrue(String.valueOf(e.getMessage()).contains(net + 7), e.getMessage());
    }
  }
}
