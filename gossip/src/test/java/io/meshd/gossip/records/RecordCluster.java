package io.meshd.gossip.records;

import io.meshd.gossip.membership.Timing;
import io.meshd.gossip.protocol.Counters;
import io.meshd.gossip.protocol.GossipCounter;
import io.meshd.gossip.protocol.GossipNode;
import io.meshd.gossip.protocol.NodeConfig;
import io.meshd.gossip.sim.SimMachine;
import io.meshd.gossip.sim.SimNetwork;
import io.meshd.gossip.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Members with records in virtual time. */
final class RecordCluster {
  final SimNetwork network;
  final List<Member> members = new ArrayList<>();

  RecordCluster(long seed) {
    network = new SimNetwork(seed);
  }

  /** Members n0 to n(size-1) that follow the topic and know each other. */
  static RecordCluster of(int size, long seed, String... topics) {
    RecordCluster cluster = new RecordCluster(seed);
    for (int i = 0; i < size; i++) {
      Member member = cluster.add();
      for (String topic : topics) {
        member.records.follow(topic);
      }
      member.node.start();
    }
    if (!cluster.until(
        () -> cluster.members.stream().allMatch(m -> m.node.members().living() == size),
        Duration.ofSeconds(20))) {
      throw new IllegalStateException("did not find each other");
    }
    cluster.run(Duration.ofSeconds(3));
    return cluster;
  }

  Member add() {
    Member member = new Member("n" + members.size(), network.machine(), 1);
    members.add(member);
    return member;
  }

  Member member(int index) {
    return members.get(index);
  }

  void run(Duration time) {
    network.time().run(time);
  }

  boolean until(BooleanSupplier condition, Duration most) {
    return network.time().runUntil(condition, most);
  }

  /** Whether all members but those that are dead have the same of every owner in the topic. */
  boolean agree(String topic) {
    Set<Set<StreamStatus>> states = new HashSet<>();
    for (Member member : members) {
      if (member.node.running() && member.node.members().self().lives()) {
        Set<StreamStatus> state = new HashSet<>();
        member.records.streams().stream()
            .filter(s -> s.topic().equals(topic) || s.topic().isEmpty())
            .forEach(state::add);
        states.add(state);
      }
    }
    return states.size() == 1 && states.iterator().next().stream().allMatch(StreamStatus::whole);
  }

  long sum(GossipCounter counter) {
    return members.stream().mapToLong(member -> member.node.counters().get(counter)).sum();
  }

  static Bytes bytes(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.UTF_8));
  }

  final class Member implements RecordListener {
    final String name;
    final SimMachine machine;
    GossipNode node;
    Records records;

    /** What is seen of others: "topic/owner/key" to text. */
    final Map<String, String> seen = new TreeMap<>();

    /** Everything that was heard, in order; "-" before what went. */
    final List<String> heard = new ArrayList<>();

    final Set<String> following = new HashSet<>();

    /** "topic/owner" of what is known whole. */
    final Set<String> complete = new HashSet<>();

    Member(String name, SimMachine machine, long epoch) {
      this.name = name;
      this.machine = machine;
      Records[] made = new Records[1];
      node = make(epoch, made);
      records = made[0];
    }

    private GossipNode make(long epoch, Records[] made) {
      GossipNode fresh =
          new GossipNode(
              new NodeConfig(name, machine.address(), Map.of(), Timing.lan()),
              machine,
              machine,
              network.random(),
              () -> members.isEmpty() ? List.of() : List.of(members.getFirst().machine.address()),
              new Counters(),
              node -> {
                made[0] = new Records(node, Timing.lan(), epoch, this);
                return made[0];
              });
      machine.run(fresh);
      return fresh;
    }

    /** After a kill; not started, so that records can be published before. */
    void restart(long epoch) {
      seen.clear();
      Records[] made = new Records[1];
      node = make(epoch, made);
      records = made[0];
    }

    void publish(String topic, String key, String value) {
      records.publish(topic, key, bytes(value));
    }

    @Override
    public void record(String topic, String owner, String key, @Nullable Bytes value) {
      String place = topic + "/" + owner + "/" + key;
      if (value == null) {
        heard.add("-" + place);
        seen.remove(place);
      } else {
        heard.add(place);
        seen.put(place, new String(value.toArray(), StandardCharsets.UTF_8));
      }
    }

    @Override
    public void complete(String topic, String owner) {
      complete.add(topic + "/" + owner);
    }

    @Override
    public void follows(String topic, String member, boolean follows) {
      if (follows) {
        following.add(topic + "/" + member);
      } else {
        following.remove(topic + "/" + member);
      }
    }
  }
}
