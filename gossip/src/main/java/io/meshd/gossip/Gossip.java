package io.meshd.gossip;

import io.meshd.gossip.membership.Peer;
import io.meshd.gossip.protocol.Counters;
import io.meshd.gossip.protocol.GossipNode;
import io.meshd.gossip.protocol.NodeConfig;
import io.meshd.gossip.protocol.PayloadDelegate;
import io.meshd.gossip.protocol.Reach;
import io.meshd.gossip.records.Records;
import io.meshd.gossip.transport.NettyTransport;
import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.KeyRing;
import io.meshd.gossip.wire.PushPull.Liveness;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A node of the cluster on real sockets: members, and records by topic. Methods may be called by
 * any thread and do their work on the gossip thread; the listener hears everything there.
 *
 * <pre>
 * Gossip gossip = Gossip.open(config, listener);
 * gossip.follow("network-1");                     // what this run begins with
 * gossip.publish("network-1", "endpoint-7", bytes);
 * gossip.start();
 * </pre>
 *
 * <p>What is published before the start is this run's beginning: the others take it over in one
 * piece, so that nothing that was there before a restart is away in between.
 */
public final class Gossip implements AutoCloseable {
  private final NettyTransport transport;
  private final GossipNode node;
  private final Records records;

  private Gossip(NettyTransport transport, GossipNode node, Records records) {
    this.transport = transport;
    this.node = node;
    this.records = records;
  }

  /**
   * Binds the sockets; nothing is said or answered before {@link #start}.
   *
   * @throws IOException when the address cannot be bound
   * @throws IllegalArgumentException for a name, label or tags that are too long
   */
  public static Gossip open(GossipConfig config, GossipListener ears) throws IOException {
    GossipListener listener = new GuardedListener(ears);
    NettyTransport transport = new NettyTransport(config.bind(), config.label(), config.keys());
    try {
      Records[] made = new Records[1];
      GossipNode node =
          new GossipNode(
              new NodeConfig(config.name(), config.advertised(), config.tags(), config.timing()),
              transport.timers(),
              transport,
              new SplittableRandom(new SecureRandom().nextLong()),
              config.seeds(),
              new Counters(),
              self -> {
                made[0] = new Records(self, config.timing(), config.epoch(), listener);
                return new Members(made[0], listener);
              });
      transport.open(node);
      return new Gossip(transport, node, made[0]);
    } catch (IOException | RuntimeException e) {
      transport.close();
      throw e;
    }
  }

  /** Tells the listener of members, and the records of everything. */
  private record Members(Records records, GossipListener listener) implements PayloadDelegate {
    @Override
    public void start() {
      records.start();
    }

    @Override
    public Bytes state() {
      return records.state();
    }

    @Override
    public void merge(Bytes state) {
      records.merge(state);
    }

    @Override
    public void message(Bytes payload) {
      records.message(payload);
    }

    @Override
    public @Nullable Bytes request(Bytes payload) {
      return records.request(payload);
    }

    @Override
    public Set<Peer> audience() {
      return records.audience();
    }

    @Override
    public void fill(Peer peer, int room, int maxMessages, List<byte[]> messages) {
      records.fill(peer, room, maxMessages, messages);
    }

    @Override
    public void changed(Peer peer, Liveness before) {
      listener.member(Member.of(peer));
      records.changed(peer, before);
    }

    @Override
    public void forgotten(Peer peer) {
      Member last = Member.of(peer);
      listener.member(
          new Member(last.name(), last.address(), last.tags(), Liveness.LEFT, last.incarnation()));
      records.forgotten(peer);
    }
  }

  /** Joins, and goes on looking for seeds that do not answer. */
  public CompletableFuture<@Nullable Void> start() {
    return run(node::start);
  }

  /** Follows a topic from now on. */
  public CompletableFuture<@Nullable Void> follow(String topic) {
    return run(() -> records.follow(topic));
  }

  /** No longer; what this node published there is withdrawn. */
  public CompletableFuture<@Nullable Void> unfollow(String topic) {
    return run(() -> records.unfollow(topic));
  }

  /**
   * Publishes a record of this node's. Fails with IllegalArgumentException when the topic is not
   * followed, a name has more than 255 bytes or the value more than 64 KiB.
   */
  public CompletableFuture<@Nullable Void> publish(String topic, String key, Bytes value) {
    return run(() -> records.publish(topic, key, value));
  }

  /** Takes a record back. */
  public CompletableFuture<@Nullable Void> withdraw(String topic, String key) {
    return run(() -> records.withdraw(topic, key));
  }

  /** New tags of this node. */
  public CompletableFuture<@Nullable Void> retag(Map<String, String> tags) {
    return run(() -> node.retag(tags));
  }

  /** Other keys, from the next packet on; null for none. */
  public void keys(@Nullable KeyRing keys) {
    transport.keys(keys);
  }

  /** Records of an owner as they are known here, this node's own too, whether it lives or not. */
  public CompletableFuture<Map<String, Bytes>> records(String topic, String owner) {
    return call(() -> records.records(topic, owner));
  }

  /**
   * Whether a member answers a packet, and a stream, of this node; nothing comes of it. Both are
   * false for one that is not known here.
   *
   * @param timeout for the answers
   */
  public CompletableFuture<Reach> reach(String member, Duration timeout) {
    CompletableFuture<Reach> found = new CompletableFuture<>();
    transport.thread().execute(() -> node.reach(member, timeout.toNanos(), found::complete));
    return found;
  }

  /** How this node does. */
  public CompletableFuture<GossipStatus> status() {
    return call(this::statusNow);
  }

  private GossipStatus statusNow() {
    List<Member> members = new ArrayList<>();
    Map<String, Duration> roundTrips = new HashMap<>();
    for (Peer peer : node.members().peers()) {
      members.add(Member.of(peer));
      if (peer.lives() && peer.roundTripNanos() >= 0) {
        roundTrips.put(peer.name(), Duration.ofNanos(peer.roundTripNanos()));
      }
    }
    long now = node.timers().nanos();
    Map<String, Duration> compared = new HashMap<>();
    records.compared().forEach((name, at) -> compared.put(name, Duration.ofNanos(now - at)));
    return new GossipStatus(
        List.copyOf(members),
        node.members().awareness().score(),
        node.members().news().size(),
        records.depth(),
        records.streams(),
        Map.copyOf(compared),
        Map.copyOf(roundTrips),
        node.counters().snapshot(),
        transport.counters().snapshot());
  }

  /** Tells the others that this node goes; done when they know, after four seconds at most. */
  public CompletableFuture<@Nullable Void> leave() {
    CompletableFuture<@Nullable Void> left = new CompletableFuture<>();
    transport.thread().execute(() -> node.leave(() -> left.complete(null)));
    return left;
  }

  /** Without a word, as a crash would: the others find out. Ends the thread. */
  @Override
  public void close() {
    run(node::stop).join();
    transport.close();
  }

  private CompletableFuture<@Nullable Void> run(Runnable work) {
    return CompletableFuture.runAsync(work, transport.thread());
  }

  private <T> CompletableFuture<T> call(Supplier<T> work) {
    return CompletableFuture.supplyAsync(work, transport.thread());
  }
}
