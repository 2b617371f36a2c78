package io.meshd.daemon.dns;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One address that questions are taken on, over UDP and TCP. The sockets are made on the event
 * loop's thread and so belong to its namespace. They may be bound before the address is there.
 */
final class NameListener {
  /** Bytes of a question over UDP; the rest of a longer one is cut off, and it is malformed. */
  private static final int LARGEST_QUESTION = 2048;

  /** Datagrams per recvmmsg(2) and sendmmsg(2). */
  private static final int BATCH = 32;

  private static final int SOCKET_BUFFER = 1 << 20;

  private final EventLoop loop;
  private final Channel udp;
  private final Channel tcp;
  private volatile Questions.Askers askers;

  private NameListener(
      EventLoop loop,
      InetSocketAddress address,
      Questions.Askers first,
      Forwarder forwarder,
      DnsCounters counters)
      throws IOException {
    this.loop = loop;
    this.askers = first;
    Questions questions = new Questions(this::asker, forwarder, counters);
    udp = bindUdp(address, questions);
    try {
      tcp = bindTcp(address, questions);
    } catch (IOException e) {
      udp.close().awaitUninterruptibly();
      throw e;
    }
  }

  /**
   * Listens; returns when it does.
   *
   * @param address port 0: each transport gets one
   */
  static NameListener open(
      EventLoop loop,
      InetSocketAddress address,
      Questions.Askers askers,
      Forwarder forwarder,
      DnsCounters counters)
      throws IOException {
    return new NameListener(loop, address, askers, forwarder, counters);
  }

  private @Nullable Asker asker(InetAddress address) {
    return askers.at(address);
  }

  /** From the next question on. */
  void use(Questions.Askers next) {
    askers = next;
  }

  int udpPort() {
    return ((InetSocketAddress) udp.localAddress()).getPort();
  }

  int tcpPort() {
    return ((InetSocketAddress) tcp.localAddress()).getPort();
  }

  /** Returns when the address is free again. */
  void close() {
    udp.close().awaitUninterruptibly();
    tcp.close().awaitUninterruptibly();
  }

  private Channel bindUdp(InetSocketAddress address, Questions questions) throws IOException {
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loop)
            .channel(EpollDatagramChannel.class)
            .option(EpollChannelOption.IP_FREEBIND, true)
            .option(ChannelOption.SO_RCVBUF, SOCKET_BUFFER)
            .option(ChannelOption.SO_SNDBUF, SOCKET_BUFFER)
            .option(EpollChannelOption.MAX_DATAGRAM_PAYLOAD_SIZE, LARGEST_QUESTION)
            .handler(
                new ChannelInitializer<EpollDatagramChannel>() {
                  @Override
                  protected void initChannel(EpollDatagramChannel channel) {
                    channel
                        .config()
                        .setRecvByteBufAllocator(
                            new FixedRecvByteBufAllocator(LARGEST_QUESTION * BATCH));
                    channel.pipeline().addLast(new UdpQuestions(questions));
                  }
                });
    return bound(() -> bootstrap.bind(address), address);
  }

  private Channel bindTcp(InetSocketAddress address, Questions questions) throws IOException {
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loop)
            .channel(EpollServerSocketChannel.class)
            .option(EpollChannelOption.IP_FREEBIND, true)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(new TcpQuestions(questions));
    return bound(() -> bootstrap.bind(address), address);
  }

  private Channel bound(Supplier<ChannelFuture> bind, InetSocketAddress address)
      throws IOException {
    CompletableFuture<Channel> bound = new CompletableFuture<>();
    loop.execute(
        () -> {
          var _ =
              bind.get()
                  .addListener(
                      (ChannelFuture done) -> {
                        if (done.isSuccess()) {
                          bound.complete(done.channel());
                        } else {
                          bound.completeExceptionally(done.cause());
                        }
                      });
        });
    try {
      return bound.get();
    } catch (ExecutionException e) {
      Throwable cause = Objects.requireNonNull(e.getCause());
      throw new IOException(
          "names cannot be answered on "
              + address.getAddress().getHostAddress()
              + ":"
              + address.getPort()
              + ": "
              + cause.getMessage(),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
