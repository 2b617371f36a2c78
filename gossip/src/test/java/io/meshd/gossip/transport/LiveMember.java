package io.meshd.gossip.transport;

import io.meshd.gossip.membership.Peer;
import io.meshd.gossip.membership.Timing;
import io.meshd.gossip.protocol.Counters;
import io.meshd.gossip.protocol.GossipNode;
import io.meshd.gossip.protocol.NoPayload;
import io.meshd.gossip.protocol.NodeConfig;
import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.KeyRing;
import io.meshd.gossip.wire.PushPull.Liveness;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A member of ours on real sockets. */
final class LiveMember implements AutoCloseable {
  final NettyTransport transport;
  final GossipNode node;

  /** What happened to others: "name STATE", in order. */
  final List<String> seen = new CopyOnWriteArrayList<>();

  LiveMember(String name, String ip, @Nullable KeyRing keys, String... seeds) throws IOException {
    this(name, ip, "", keys, seeds);
  }

  LiveMember(String name, String ip, String label, @Nullable KeyRing keys, String... seeds)
      throws IOException {
    InetSocketAddress bind = new InetSocketAddress(ip, 7946);
    transport = new NettyTransport(bind, label, keys);
    List<Address> others =
        List.of(seeds).stream().map(s -> Address.of(new InetSocketAddress(s, 7946))).toList();
    node =
        new GossipNode(
            new NodeConfig(name, Address.of(bind), Map.of("rack", "7"), Timing.lan()),
            transport.timers(),
            transport,
            new SplittableRandom(),
            () -> others,
            new Counters(),
            self ->
                new NoPayload() {
                  @Override
                  public void changed(Peer peer, Liveness before) {
                    seen.add(peer.name() + " " + peer.state().name());
                  }
                });
    open();
    transport.thread().execute(node::start);
  }

  /** A process that another test is just starting may still hold what this address had before. */
  private void open() throws IOException {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    while (true) {
      try {
        transport.open(node);
        return;
      } catch (IOException e) {
        if (System.nanoTime() > until) {
          transport.close();
          throw e;
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
      }
    }
  }

  /** On the core's thread. */
  <T> T call(Callable<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    transport
        .thread()
        .execute(
            () -> {
              try {
                result.complete(work.call());
              } catch (Exception e) {
                result.completeExceptionally(e);
              }
            });
    return result.orTimeout(10, TimeUnit.SECONDS).join();
  }

  @Nullable Liveness state(String name) {
    return call(
        () -> {
          Peer peer = node.members().peer(name);
          return peer == null ? null : peer.state();
        });
  }

  int living() {
    return call(() -> node.members().living());
  }

  void leave() {
    CompletableFuture<@Nullable Void> left = new CompletableFuture<>();
    transport.thread().execute(() -> node.leave(() -> left.complete(null)));
    left.orTimeout(10, TimeUnit.SECONDS).join();
  }

  @Override
  public void close() {
    transport.close();
  }
}
