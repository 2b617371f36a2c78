package io.meshd.daemon.managers;

import io.meshd.daemon.managers.Frames.Frame;
import io.meshd.daemon.managers.Frames.Kind;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.DecoderException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a connection at which requests arrive. Reading pauses while answers pile up, or more
 * than {@value #MAX_RUNNING} requests run.
 */
final class Incoming extends SimpleChannelInboundHandler<ByteBuf> {
  private static final Logger LOG = LoggerFactory.getLogger(Incoming.class);
  private static final int MAX_RUNNING = 1024;

  private final Served served;
  private final ManagerCounters counters;
  private int running;

  Incoming(Served served, ManagerCounters counters) {
    this.served = served;
    this.counters = counters;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, ByteBuf in) {
    Frame frame = Frames.decode(in);
    if (frame == null || frame.kind() == Kind.ANSWER || frame.kind() == Kind.FAILURE) {
      return;
    }
    running++;
    read(context);
    var _ =
        served
            .apply(frame.subject(), frame.payload())
            .whenComplete(
                (answer, error) ->
                    context
                        .executor()
                        .execute(
                            () -> {
                              running--;
                              if (frame.kind() == Kind.REQUEST) {
                                answer(context, frame.request(), answer, error);
                              }
                              read(context);
                            }));
  }

  @SuppressWarnings("NullAway") // exactly one of answer and error is there
  private static void answer(
      ChannelHandlerContext context, long request, byte[] answer, Throwable error) {
    Frame frame =
        error == null
            ? new Frame(Kind.ANSWER, request, "", answer)
            : new Frame(
                Kind.FAILURE, request, "", error.toString().getBytes(StandardCharsets.UTF_8));
    var _ = context.writeAndFlush(Frames.encode(context.alloc(), frame));
  }

  private void read(ChannelHandlerContext context) {
    context.channel().config().setAutoRead(running < MAX_RUNNING && context.channel().isWritable());
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    read(context);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
    if (event instanceof ChannelInputShutdownEvent) {
      var _ = context.close();
    }
    super.userEventTriggered(context, event);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (cause instanceof DecoderException) {
      counters.count(ManagerCounter.MALFORMED);
      LOG.warn("a manager's connection is closed: {}", cause.getMessage());
    } else if (!(cause instanceof IOException)) {
      LOG.warn("a manager's connection is closed", cause);
    }
    var _ = context.close();
  }
}
