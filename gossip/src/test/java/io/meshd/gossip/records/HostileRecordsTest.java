package io.meshd.gossip.records;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.gossip.protocol.GossipNode;
import io.meshd.gossip.records.RecordMessage.Delta;
import io.meshd.gossip.records.RecordMessage.Digest;
import io.meshd.gossip.records.RecordMessage.Digests;
import io.meshd.gossip.records.RecordMessage.Entry;
import io.meshd.gossip.records.RecordMessage.Pull;
import io.meshd.gossip.records.RecordMessage.Snapshot;
import io.meshd.gossip.records.RecordMessage.Snapshots;
import io.meshd.gossip.records.RecordMessage.Summary;
import io.meshd.gossip.records.RecordMessage.Want;
import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.Message;
import io.meshd.gossip.wire.Mutation;
import io.meshd.gossip.wire.PacketCodec;
import io.meshd.gossip.wire.PushPull.Liveness;
import io.meshd.gossip.wire.StreamMessage;
import io.meshd.gossip.wire.WireException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Messages changed at random by a fixed seed, to the parser and to a member that lives. With
 * -Dmeshd.fuzz=N so many.
 */
@Timeout(3600)
class HostileRecordsTest {
  private static final int ROUNDS = Integer.getInteger("meshd.fuzz", 50_000);
  private static final Bytes VALUE = RecordCluster.bytes("some value");

  private static final List<RecordMessage> MESSAGES =
      List.of(
          new Delta("net", "n1", 1, 9, 8, "ep", VALUE, true),
          new Delta("net", "n1", 1, 10, 9, "ep", null, true),
          new Delta("net", "n2", 2, 300, 9, "large", null, false),
          new Snapshots(
              List.of(
                  new Snapshot(
                      "net",
                      "n1",
                      1,
                      12,
                      4,
                      List.of(3L, 4L),
                      List.of(new Entry("a", 11, VALUE), new Entry("b", 12, null))))),
          new Digests(
              "n1",
              List.of("", "net"),
              List.of(
                  new Digest("", "n1", 1, 1, 1, 77, true),
                  new Digest("net", "n2", 2, RecordStream.UNKNOWN, 0, -1, false))),
          new Pull("n1", List.of(new Want("net", "n0", 1, 5), new Want("net", "n2", 0, -1))),
          new Summary("n1", Long.MIN_VALUE));

  @Test
  void messagesComeBack() throws Exception {
    for (RecordMessage message : MESSAGES) {
      assertEquals(message, RecordCodec.decode(RecordCodec.encode(message)));
    }
  }

  @Test
  void changedMessagesAreUnderstoodOrRefused() {
    Random random = new Random(3);
    int understood = 0;
    for (int round = 0; round < ROUNDS; round++) {
      byte[] seed = RecordCodec.encode(MESSAGES.get(round % MESSAGES.size())).toArray();
      try {
        RecordCodec.decode(Bytes.of(Mutation.of(seed, random)));
        understood++;
      } catch (WireException e) {
        assertEquals(0, e.getStackTrace().length);
      }
    }
    assertTrue(understood > 0 && understood < ROUNDS);
  }

  /** Nothing that a stranger says ends a member, and the cluster is well when it is silent. */
  @Test
  void aMemberSurvivesWhateverIsSaidToIt() {
    RecordCluster cluster = RecordCluster.of(3, 17, "net");
    cluster.member(0).publish("net", "ep", "v");
    Random random = new Random(4);
    RecordCluster.Member target = cluster.member(1);
    List<byte[]> packets = new ArrayList<>();
    for (RecordMessage message : MESSAGES) {
      packets.add(GossipNode.packetMessage(RecordCodec.encode(message)));
    }
    target.node.members().states().stream()
        .map(
            s ->
                new Message.Alive(
                    s.incarnation(), s.name(), s.address(), s.port(), s.meta(), s.versions()))
        .map(PacketCodec::encode)
        .forEach(packets::add);
    packets.add(PacketCodec.encode(new Message.Suspect(1, "n1", "n2")));
    packets.add(PacketCodec.encode(new Message.Suspect(1, "n0", "n2")));
    packets.add(PacketCodec.encode(new Message.Ack(5, Bytes.EMPTY)));
    PacketCodec codec = new PacketCodec("", null);
    for (int round = 0; round < Math.min(ROUNDS, 1_000_000); round++) {
      byte[] bytes = Mutation.of(packets.get(random.nextInt(packets.size())), random);
      try {
        List<Message> messages = codec.decode(bytes);
        target.node.packet(cluster.member(2).machine.address(), messages);
        for (Message message : messages) {
          if (message instanceof Message.User user) {
            target.node.stream(new StreamMessage.User(user.payload()));
          }
        }
      } catch (WireException e) {
        assertEquals(0, e.getStackTrace().length);
      }
      if (round % 100 == 0) {
        cluster.run(Duration.ofMillis(20));
      }
    }
    assertTrue(target.records.depth() < 10_000);
    assertTrue(
        cluster.until(
            () ->
                cluster.members.stream()
                    .allMatch(
                        m ->
                            Objects.requireNonNull(target.node.members().peer(m.name)).state()
                                == Liveness.ALIVE),
            Duration.ofMinutes(2)));
    assertTrue(
        cluster.until(() -> "v".equals(target.seen.get("net/n0/ep")), Duration.ofMinutes(2)),
        () -> target.seen + " " + target.records.streams());
    long before = cluster.network.time().ran();
    cluster.run(Duration.ofSeconds(10));
    long events = cluster.network.time().ran() - before;
    assertTrue(events < 20_000, () -> events + " events in ten quiet seconds");
  }
}
