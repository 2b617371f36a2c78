package io.meshd.daemon.dns;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import io.netty.handler.timeout.IdleStateHandler;
import java.net.InetSocketAddress;

/**
 * Questions over TCP (RFC 7766): two bytes of length before each message, several on a connection,
 * answered in whatever order. A connection that is idle for {@value #IDLE_SECONDS} s is closed.
 */
final class TcpQuestions extends ChannelInitializer<Channel> {
  private static final int IDLE_SECONDS = 10;
  private static final int LARGEST_QUESTION = 4096;
  private static final int LARGEST_ANSWER = 65535;

  /** At one listening address. */
  private static final int MOST_CONNECTIONS = 256;

  /** Of one connection: one that asks on without reading is not read any more. */
  private static final int MOST_OPEN = 64;

  private final Questions questions;
  private int connections;

  TcpQuestions(Questions questions) {
    this.questions = questions;
  }

  @Override
  protected void initChannel(Channel channel) {
    if (connections >= MOST_CONNECTIONS) {
      questions.counters().count(DnsCounter.TCP_REJECTED);
      var _ = channel.close();
      return;
    }
    connections++;
    var _ = channel.closeFuture().addListener(closed -> connections--);
    channel
        .pipeline()
        .addLast(new IdleStateHandler(0, 0, IDLE_SECONDS))
        .addLast(new LengthFieldBasedFrameDecoder(LARGEST_QUESTION + 2, 0, 2, 0, 2))
        .addLast(new LengthFieldPrepender(2))
        .addLast(new Connection());
  }

  private final class Connection extends SimpleChannelInboundHandler<ByteBuf> {
    private int open;

    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf message) {
      questions.counters().count(DnsCounter.QUERIES_TCP);
      Channel channel = context.channel();
      if (channel.remoteAddress() instanceof InetSocketAddress asker) {
        open++;
        update(channel);
        questions.ask(message, asker, LARGEST_ANSWER, channel, answer -> answer(context, answer));
      }
    }

    private void answer(ChannelHandlerContext context, ByteBuf answer) {
      var _ =
          context
              .writeAndFlush(answer)
              .addListener(
                  written -> {
                    open--;
                    update(context.channel());
                  });
    }

    private void update(Channel channel) {
      channel.config().setAutoRead(open < MOST_OPEN);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
      var _ = context.close(); // idle
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      var _ = context.close();
    }
  }
}
