package io.meshd.daemon.dns;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One question under way to the outside: one try after the other until somebody answers. Each try
 * has a socket of its own, connected, so that only the server's packets come in, on a port of the
 * kernel's choice, and an ID that cannot be guessed (RFC 5452). An answer that was cut is fetched
 * over TCP. On the forwarder's loop.
 */
final class OutsideExchange {
  static final int TRY_MILLIS = 1500;
  private static final int ROUNDS = 2;
  private static final int LARGEST = 65535;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final EventLoop loop;
  private final Query query;
  private final List<InetSocketAddress> servers;
  private final DnsCounters counters;
  private final Consumer<InetSocketAddress> silent;
  private final Consumer<@Nullable OutsideAnswer> end;

  private int tries;
  private int id;
  private boolean overTcp;
  private @Nullable Channel channel;
  private @Nullable Future<?> timeout;

  /** The best of what was said so far: a failure of the server's own, or a cut answer. */
  private @Nullable OutsideAnswer best;

  /**
   * @param servers at least one
   * @param silent is told of servers that did not answer in time
   * @param end is called once, with null when nobody said anything
   */
  OutsideExchange(
      EventLoop loop,
      Query query,
      List<InetSocketAddress> servers,
      DnsCounters counters,
      Consumer<InetSocketAddress> silent,
      Consumer<@Nullable OutsideAnswer> end) {
    this.loop = loop;
    this.query = query;
    this.servers = servers;
    this.counters = counters;
    this.silent = silent;
    this.end = end;
  }

  void start() {
    attempt(false);
  }

  private InetSocketAddress server() {
    return servers.get(tries % servers.size());
  }

  private void attempt(boolean tcp) {
    overTcp = tcp;
    id = RANDOM.nextInt(0x1_0000);
    counters.count(DnsCounter.FORWARDED);
    timeout = loop.schedule(this::timedOut, TRY_MILLIS, TimeUnit.MILLISECONDS);
    Bootstrap bootstrap = new Bootstrap().group(loop);
    if (tcp) {
      bootstrap
          .channel(EpollSocketChannel.class)
          .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, TRY_MILLIS)
          .handler(new TcpAnswers());
    } else {
      bootstrap
          .channel(EpollDatagramChannel.class)
          .handler(
              new ChannelInitializer<EpollDatagramChannel>() {
                @Override
                protected void initChannel(EpollDatagramChannel udp) {
                  udp.config().setRecvByteBufAllocator(new FixedRecvByteBufAllocator(LARGEST));
                  udp.pipeline().addLast(new UdpAnswers());
                }
              });
    }
    ChannelFuture connected = bootstrap.connect(server());
    channel = connected.channel();
    var _ =
        connected.addListener(
            (ChannelFuture done) -> {
              if (!done.channel().equals(channel)) {
                return; // given up meanwhile
              }
              if (done.isSuccess()) {
                var _ = done.channel().writeAndFlush(question());
              } else {
                failed();
              }
            });
  }

  /** As it was asked, with an OPT record where the asker had one (RFC 6891). */
  private ByteBuf question() {
    ByteBuf out = Unpooled.buffer(Query.PLAIN_UDP_SIZE);
    out.writeShort(id)
        .writeShort(
            Query.FLAG_RECURSION_DESIRED
                | (query.checkingDisabled() ? Query.FLAG_CHECKING_DISABLED : 0))
        .writeShort(1)
        .writeInt(0)
        .writeShort(query.edns() ? 1 : 0)
        .writeBytes(query.question());
    if (query.edns()) {
      out.writeByte(0)
          .writeShort(DnsRecordType.OPT.intValue())
          .writeShort(Query.LARGEST_UDP_SIZE)
          .writeShort(0)
          .writeShort(query.dnssecOk() ? 0x8000 : 0)
          .writeShort(0);
    }
    return out;
  }

  private void answered(ByteBuf message) {
    byte[] bytes = new byte[message.readableBytes()];
    message.readBytes(bytes);
    OutsideAnswer answer = OutsideAnswer.read(bytes, query, id, System.nanoTime());
    if (answer == null) {
      // Perhaps somebody else's: the right one may still come.
      counters.count(DnsCounter.FORWARD_BAD_ANSWER);
      return;
    }
    if (answer.truncated() && !overTcp) {
      best = answer;
      close();
      attempt(true);
    } else if (answer.code() == DnsResponseCode.SERVFAIL.intValue()
        || answer.code() == DnsResponseCode.REFUSED.intValue()) {
      best = answer;
      next();
    } else {
      finish(answer);
    }
  }

  private void timedOut() {
    counters.count(DnsCounter.FORWARD_TIMEOUT);
    if (tries >= servers.size() * (ROUNDS - 1)) {
      silent.accept(server());
    }
    next();
  }

  /** Nobody listens there, or no way leads there: known at once. */
  private void failed() {
    next();
  }

  private void next() {
    close();
    tries++;
    if (tries >= servers.size() * ROUNDS) {
      finish(best);
    } else {
      attempt(false);
    }
  }

  private void finish(@Nullable OutsideAnswer answer) {
    close();
    end.accept(answer);
  }

  private void close() {
    if (timeout != null) {
      timeout.cancel(false);
      timeout = null;
    }
    Channel old = channel;
    channel = null;
    if (old != null) {
      var _ = old.close();
    }
  }

  private final class UdpAnswers extends SimpleChannelInboundHandler<DatagramPacket> {
    @Override
    protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
      if (context.channel().equals(channel)) {
        answered(packet.content());
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      if (context.channel().equals(channel)) {
        failed();
      }
    }
  }

  private final class TcpAnswers extends ChannelInitializer<Channel> {
    @Override
    protected void initChannel(Channel tcp) {
      tcp.pipeline()
          .addLast(new LengthFieldBasedFrameDecoder(LARGEST + 2, 0, 2, 0, 2))
          .addLast(new LengthFieldPrepender(2))
          .addLast(
              new SimpleChannelInboundHandler<ByteBuf>() {
                @Override
                protected void channelRead0(ChannelHandlerContext context, ByteBuf message) {
                  if (tcp.equals(channel)) {
                    answered(message);
                  }
                }

                @Override
                public void channelInactive(ChannelHandlerContext context) {
                  if (tcp.equals(channel)) {
                    failed();
                  }
                }

                @Override
                public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                  if (tcp.equals(channel)) {
                    failed();
                  }
                }
              });
    }
  }
}
