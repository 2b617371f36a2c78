package io.meshd.gossip.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is told first, how often, and what is dropped. */
class BroadcastQueueTest {
  private final BroadcastQueue queue = new BroadcastQueue(100, () -> {});

  @Test
  void relaysNeverStarveOurOwnNews() {
    for (int i = 0; i < 1_000; i++) {
      queue.add("theirs" + i, new byte[100], false);
    }
    byte[] ours = {1};
    queue.add("ours", ours, true);
    assertEquals(101, queue.size());
    assertEquals(900, queue.dropped());
    List<byte[]> packet = new ArrayList<>();
    queue.take(1_000, 4, 255, packet);
    assertEquals(ours, packet.getFirst());
    assertTrue(packet.size() > 8);
  }

  @Test
  void aLaterWordReplacesTheEarlierAndIsToldSoOftenAndNoMore() {
    int[] done = {0};
    queue.add("subject", new byte[] {1}, true, () -> done[0]++);
    queue.add("subject", new byte[] {2}, true, () -> done[0]++);
    assertEquals(1, done[0]);
    for (int i = 0; i < 4; i++) {
      List<byte[]> packet = new ArrayList<>();
      queue.take(100, 4, 255, packet);
      assertEquals(2, packet.getFirst()[0]);
    }
    assertEquals(2, done[0]);
    assertTrue(queue.isEmpty());
  }

  @Test
  void whatDoesNotFitWaitsAndLetsSmallerPass() {
    queue.add("large", new byte[90], true);
    queue.add("small", new byte[10], true);
    List<byte[]> packet = new ArrayList<>();
    int left = queue.take(50, 4, 255, packet);
    assertEquals(1, packet.size());
    assertEquals(38, left);
    assertEquals(2, queue.size());
  }
}
