package io.meshd.gossip.records;

import io.meshd.gossip.membership.BroadcastQueue;
import io.meshd.gossip.membership.Peer;
import io.meshd.gossip.protocol.GossipNode;
import io.meshd.gossip.wire.PushPull.Liveness;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Changes on their way to the members that follow their topics. One queue for all topics, so that
 * the node's own changes go first everywhere.
 */
final class RecordNews {
  private static final int MAX_RELAYED = 4096;
  private static final int FANOUT = 3;

  /** Each round brings packets to the followers of so many topics; the others' turn comes. */
  private static final int TOPICS_IN_A_ROUND = 8;

  private final GossipNode node;
  private final RecordTable table;
  private final BroadcastQueue queue;

  /** Changes that wait, by topic. */
  private final TreeMap<String, Integer> waiting = new TreeMap<>();

  private String lastTopic = "";

  /** What a piece of news is about: a later change of the same record replaces it. */
  record Subject(String topic, String owner, String key) {}

  RecordNews(GossipNode node, RecordTable table) {
    this.node = node;
    this.table = table;
    this.queue = new BroadcastQueue(MAX_RELAYED, node::wake);
  }

  void add(Subject subject, RecordMessage message, boolean own) {
    waiting.merge(subject.topic(), 1, Integer::sum);
    queue.add(
        subject,
        GossipNode.packetMessage(RecordCodec.encode(message)),
        own,
        () -> waiting.computeIfPresent(subject.topic(), (t, n) -> n == 1 ? null : n - 1));
  }

  Set<Peer> audience() {
    Set<Peer> audience = new LinkedHashSet<>();
    for (String topic : nextTopics().keySet()) {
      audience.addAll(
          node.members()
              .draw()
              .some(
                  FANOUT,
                  peer ->
                      peer.state() != Liveness.LEFT
                          && peer.state() != Liveness.DEAD
                          && GossipNode.ours(peer)
                          && table.follows(peer.name(), topic)));
    }
    return audience;
  }

  private Map<String, Integer> nextTopics() {
    if (waiting.size() <= TOPICS_IN_A_ROUND) {
      return waiting;
    }
    Map<String, Integer> next = new TreeMap<>();
    for (int i = 0; i < TOPICS_IN_A_ROUND; i++) {
      Map.Entry<String, Integer> entry = waiting.higherEntry(lastTopic);
      if (entry == null) {
        entry = waiting.firstEntry();
      }
      next.put(entry.getKey(), entry.getValue());
      lastTopic = entry.getKey();
    }
    return next;
  }

  int fill(Peer peer, int room, int retransmits, int maxMessages, List<byte[]> messages) {
    return queue.take(
        room,
        retransmits,
        maxMessages,
        subject -> subject instanceof Subject s && table.follows(peer.name(), s.topic()),
        messages);
  }

  int depth() {
    return queue.size();
  }
}
