package io.meshd.daemon.managers;

import io.meshd.daemon.managers.Frames.Frame;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to one other manager: one connection, opened when something is to be said and again after
 * it broke, or went dead: what a cut has swallowed would be sent again later and later. What is
 * said while it is being opened waits; what is said while the peer does not read waits too, both up
 * to {@value #MAX_WAITING} bytes, and is refused beyond.
 */
final class PeerLink {
  private static final int MAX_WAITING = 4 << 20;
  private static final int CONNECT_MILLIS = 1000;

  /** For so long what was sent may be without the kernel's acknowledgement (RFC 5482). */
  private static final int UNACKNOWLEDGED_MILLIS = 2000;

  private static final Logger LOG = LoggerFactory.getLogger(PeerLink.class);

  private final String node;
  private final Function<String, @Nullable String> addresses;
  private final SslContext tls;
  private final EventLoopGroup loops;
  private final Admission admission;
  private final ManagerCounters counters;
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private int waitingBytes;
  private @Nullable Channel channel;
  private boolean connecting;

  /** Why the peer was not reached last, in words; empty while it is. */
  private String trouble = "";

  private record Waiting(Frame frame, CompletableFuture<byte[]> answer) {}

  PeerLink(
      String node,
      Function<String, @Nullable String> addresses,
      SslContext tls,
      EventLoopGroup loops,
      Admission admission,
      ManagerCounters counters) {
    this.node = node;
    this.addresses = addresses;
    this.tls = tls;
    this.loops = loops;
    this.admission = admission;
    this.counters = counters;
  }

  /** The answer of a one-way message is never completed but by failure. */
  void say(Frame frame, CompletableFuture<byte[]> answer) {
    Channel open;
    synchronized (this) {
      open = channel;
      if (open == null || !open.isActive()) {
        if (waitingBytes + frame.bytes() > MAX_WAITING) {
          counters.count(ManagerCounter.DROPPED_FULL);
          Outgoing.fail(answer, "too much waits for manager " + node);
          return;
        }
        waiting.add(new Waiting(frame, answer));
        waitingBytes += frame.bytes();
        if (!connecting) {
          connecting = true;
          connect();
        }
        return;
      }
    }
    write(open, frame, answer);
  }

  private void write(Channel open, Frame frame, CompletableFuture<byte[]> answer) {
    Outgoing end = open.pipeline().get(Outgoing.class);
    if (end == null || !open.isWritable()) {
      counters.count(ManagerCounter.DROPPED_FULL);
      Outgoing.fail(answer, "manager " + node + " does not read");
      return;
    }
    end.expect(frame.request(), answer);
    var _ = open.writeAndFlush(Frames.encode(open.alloc(), frame));
    if (!open.isActive()) {
      Outgoing.fail(answer, "the connection broke");
    }
  }

  private void connect() {
    InetSocketAddress address = address();
    if (address == null) {
      failAll("the address of manager " + node + " is not known");
      return;
    }
    new Bootstrap()
        .group(loops)
        .channel(EpollSocketChannel.class)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
        .option(ChannelOption.TCP_NODELAY, true)
        .option(EpollChannelOption.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MILLIS)
        .option(
            ChannelOption.WRITE_BUFFER_WATER_MARK,
            new WriteBufferWaterMark(MAX_WAITING / 2, MAX_WAITING))
        .handler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel made) {
                SslHandler handler = tls.newHandler(made.alloc());
                handler.setHandshakeTimeoutMillis(2L * CONNECT_MILLIS);
                made.pipeline().addLast(handler, Frames.splitter(), new Outgoing(counters));
              }
            })
        .connect(address)
        .addListener(
            (ChannelFuture connected) -> {
              if (connected.isSuccess()) {
                Channel made = connected.channel();
                made.pipeline()
                    .get(SslHandler.class)
                    .handshakeFuture()
                    .addListener(
                        handshake ->
                            begin(
                                made,
                                handshake.isSuccess()
                                    ? refusal(made)
                                    : String.valueOf(handshake.cause())));
              } else {
                failAll("manager " + node + " is not reached: " + connected.cause().getMessage());
              }
            });
  }

  private @Nullable InetSocketAddress address() {
    String address = addresses.apply(node);
    int colon = address == null ? -1 : address.lastIndexOf(':');
    if (address == null || colon < 0) {
      return null;
    }
    String host = address.substring(0, colon).replaceAll("[\\[\\]]", "");
    return new InetSocketAddress(host, Integer.parseInt(address.substring(colon + 1)));
  }

  private @Nullable String refusal(Channel made) {
    String protocol = made.pipeline().get(SslHandler.class).applicationProtocol();
    return ManagerTransport.PROTOCOL.equals(protocol)
        ? admission.refusal(made, node)
        : "it speaks no " + ManagerTransport.PROTOCOL;
  }

  private void begin(Channel made, @Nullable String why) {
    if (why != null) {
      var _ = made.close();
      failAll("manager " + node + " is not believed: " + why);
      return;
    }
    counters.count(ManagerCounter.CONNECTIONS_OPENED);
    Deque<Waiting> now;
    boolean again;
    synchronized (this) {
      again = !trouble.isEmpty();
      trouble = "";
      channel = made;
      connecting = false;
      now = new ArrayDeque<>(waiting);
      waiting.clear();
      waitingBytes = 0;
    }
    if (again) {
      LOG.info("manager {} is reached again", node);
    }
    now.forEach(each -> write(made, each.frame(), each.answer()));
  }

  private void failAll(String words) {
    Deque<Waiting> now;
    boolean news;
    synchronized (this) {
      news = !trouble.equals(words);
      trouble = words;
      connecting = false;
      now = new ArrayDeque<>(waiting);
      waiting.clear();
      waitingBytes = 0;
    }
    if (news) {
      LOG.warn("{}", words);
    }
    now.forEach(
        each -> {
          counters.count(ManagerCounter.UNREACHABLE);
          Outgoing.fail(each.answer(), words);
        });
  }

  /**
   * A request that was said at that time has no answer. Closes the connection if nothing else was
   * answered since.
   *
   * @param saidAt by {@link System#nanoTime}
   */
  void unanswered(long saidAt) {
    Channel open;
    synchronized (this) {
      open = channel;
    }
    Outgoing end = open == null ? null : open.pipeline().get(Outgoing.class);
    if (open != null && end != null && end.silentSince(saidAt)) {
      LOG.warn("manager {} answers nothing: it is connected to anew", node);
      var _ = open.close();
    }
  }

  /** Closes the connection if the peer is no manager any more. */
  void recheck() {
    Channel open;
    synchronized (this) {
      open = channel;
    }
    if (open != null && open.isActive() && !admission.stillAdmits(open)) {
      var _ = open.close();
    }
  }

  void close() {
    Channel open;
    synchronized (this) {
      open = channel;
    }
    if (open != null) {
      var _ = open.close();
    }
  }
}
