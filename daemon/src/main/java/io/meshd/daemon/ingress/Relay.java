package io.meshd.daemon.ingress;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.IOException;
import java.util.concurrent.atomic.LongAdder;

/**
 * One direction of a connection: what is read from one socket is written to the other, with the
 * receiver's pace. Sits in the pipeline of {@code from}.
 */
final class Relay extends ChannelInboundHandlerAdapter {
  private final ProxiedConnection connection;
  private final EpollSocketChannel from;
  private final EpollSocketChannel to;
  private final LongAdder bytes;
  private final IngressCounter resetReason;

  Relay(
      ProxiedConnection connection,
      EpollSocketChannel from,
      EpollSocketChannel to,
      LongAdder bytes,
      IngressCounter resetReason) {
    this.connection = connection;
    this.from = from;
    this.to = to;
    this.bytes = bytes;
    this.resetReason = resetReason;
  }

  /** The buffer's ownership goes to the write. */
  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    bytes.add(((ByteBuf) message).readableBytes());
    var _ = to.writeAndFlush(message, to.voidPromise());
    if (!to.isWritable()) {
      from.config().setAutoRead(false);
    }
  }

  /** {@code from} as the receiver of the other direction: it caught up, so its sender may go on. */
  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (from.isWritable()) {
      to.config().setAutoRead(true);
    }
  }

  /** FIN from {@code from}: passed on behind the last byte. */
  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event == ChannelInputShutdownEvent.INSTANCE) {
      var _ =
          to.writeAndFlush(Unpooled.EMPTY_BUFFER)
              .addListener(
                  flushed -> {
                    // The second end closes both sockets, which says FIN too.
                    if (flushed.isSuccess() && !connection.directionEnded()) {
                      var _ = to.shutdownOutput();
                    }
                  });
    }
  }

  /** Resets of the peer and of writes to it; nobody needs their stack traces. */
  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    connection.failed(
        from, to, cause instanceof IOException ? resetReason : IngressCounter.FAILED_INTERNAL);
  }

  /** Closed otherwise than by this connection: the loops are being shut down. */
  @Override
  public void channelInactive(ChannelHandlerContext context) {
    connection.inactive(from, to);
  }
}
