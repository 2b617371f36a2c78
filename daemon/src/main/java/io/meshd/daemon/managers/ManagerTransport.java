package io.meshd.daemon.managers;

import io.meshd.daemon.managers.Frames.Frame;
import io.meshd.daemon.managers.Frames.Kind;
import io.meshd.daemon.raft.Transport;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.TlsContexts;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The log's {@link Transport} between nodes: mutual TLS 1.3 on the cluster's door, where a client
 * chooses {@link #PROTOCOL}. Each node opens a connection to every other that it has something to
 * ask ({@link PeerLink}) and answers on those that others opened ({@link Incoming}). {@link
 * Admission} says who may; nothing that came is decoded before. What a node says to itself takes no
 * connection.
 */
public final class ManagerTransport implements Transport {
  /** The name in ALPN. */
  public static final String PROTOCOL = "meshd-raft/1";

  private static final int PENDING_ANSWERS = 4 << 20;
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final int REFUSAL_MILLIS = 50;

  /** When a failure is told at the earliest. */
  static final Executor LATER =
      CompletableFuture.delayedExecutor(REFUSAL_MILLIS, TimeUnit.MILLISECONDS);

  private final String self;
  private final SslContext tls;
  private final Function<String, @Nullable String> addresses;
  private final Admission admission;
  private final ManagerCounters counters = new ManagerCounters();
  private final Served served = new Served(counters);
  private final AtomicLong requests = new AtomicLong();
  private final Map<String, PeerLink> peers = new ConcurrentHashMap<>();
  private final ChannelGroup accepted = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("meshd-managers", true), EpollIoHandler.newFactory());

  /**
   * @param self this node's ID
   * @param addresses node ID to host:port of its door for managers, or null where none is known;
   *     asked at every new connection
   * @param managers whether a node is a manager of the cluster now; asked at every new connection
   *     and at every {@link #recheck}
   */
  public ManagerTransport(
      String self,
      NodeCredentials credentials,
      Function<String, @Nullable String> addresses,
      Predicate<String> managers) {
    this.self = self;
    this.tls = TlsContexts.managerToManager(credentials, PROTOCOL);
    this.addresses = addresses;
    this.admission = new Admission(managers, counters);
  }

  /** Serves a channel of the cluster's door whose client chose {@link #PROTOCOL}. */
  public Consumer<Channel> door() {
    return channel -> {
      if (!admission.admits(channel)) {
        var _ = channel.close();
        return;
      }
      counters.count(ManagerCounter.CONNECTIONS_ACCEPTED);
      accepted.add(channel);
      channel
          .config()
          .setWriteBufferWaterMark(new WriteBufferWaterMark(PENDING_ANSWERS / 2, PENDING_ANSWERS));
      channel.pipeline().addLast(Frames.splitter(), new Incoming(served, counters));
    };
  }

  /** Closes the connections of those that are no managers any more. After a change of the state. */
  public void recheck() {
    peers.values().forEach(PeerLink::recheck);
    for (Channel channel : accepted) {
      if (!admission.stillAdmits(channel)) {
        var _ = channel.close();
      }
    }
  }

  /** Name to value. */
  public Map<String, Long> counters() {
    return counters.all();
  }

  @Override
  public String self() {
    return self;
  }

  @Override
  public CompletableFuture<byte[]> request(String member, String subject, byte[] payload) {
    counters.count(ManagerCounter.REQUESTS_SENT);
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    String node = Transport.nodeOf(member);
    long saidAt = System.nanoTime();
    if (node.equals(self)) {
      here(subject, payload, answer);
    } else {
      peer(node).say(new Frame(Kind.REQUEST, requests.incrementAndGet(), subject, payload), answer);
    }
    return answer
        .orTimeout(LIMIT.toMillis(), TimeUnit.MILLISECONDS)
        .whenComplete(
            (_, error) -> {
              if (error instanceof TimeoutException) {
                counters.count(ManagerCounter.TIMED_OUT);
                if (!node.equals(self)) {
                  peer(node).unanswered(saidAt);
                }
              }
            });
  }

  private void here(String subject, byte[] payload, CompletableFuture<byte[]> answer) {
    var _ =
        served
            .apply(subject, payload)
            .whenComplete(
                (response, error) -> {
                  if (error == null) {
                    answer.complete(response);
                  } else {
                    Outgoing.fail(answer, error.toString());
                  }
                });
  }

  @Override
  public void send(String member, String subject, byte[] payload) {
    String node = Transport.nodeOf(member);
    if (node.equals(self)) {
      var _ = served.apply(subject, payload);
    } else {
      CompletableFuture<byte[]> unanswered = new CompletableFuture<>();
      var _ = unanswered.completeOnTimeout(new byte[0], LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      peer(node)
          .say(new Frame(Kind.MESSAGE, requests.incrementAndGet(), subject, payload), unanswered);
    }
  }

  private PeerLink peer(String node) {
    return peers.computeIfAbsent(
        node, name -> new PeerLink(name, addresses, tls, loops, admission, counters));
  }

  @Override
  public void serve(String subject, Function<byte[], CompletableFuture<byte[]>> handler) {
    served.put(subject, handler);
  }

  @Override
  public void remove(String subject) {
    served.remove(subject);
  }

  @Override
  public void close() {
    served.clear();
    peers.values().forEach(PeerLink::close);
    accepted.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
    var _ = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
