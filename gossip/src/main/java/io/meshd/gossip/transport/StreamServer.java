package io.meshd.gossip.transport;

import io.meshd.gossip.spi.Receiver;
import io.meshd.gossip.wire.StreamMessage;
import io.meshd.gossip.wire.WireException;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Streams that others open: one request each, answered or not, and closed. So many at once from all
 * and so many from one address; whoever dribbles is cut off at the deadline, which counts from the
 * beginning and not from the last byte.
 */
final class StreamServer {
  static final int MAX_STREAMS = 128;
  private static final long MAX_HELD_BYTES = 256L << 20;
  static final int MAX_STREAMS_OF_ONE = 32;
  private static final long DEADLINE_NANOS = 10_000_000_000L;

  private final EventLoopGroup loop;
  private final Executor parsers;
  private final Supplier<Codecs> codecs;
  private final TransportCounters counters;
  private final Receiver receiver;
  private final long deadlineNanos;
  private final Map<InetAddress, Integer> open = new HashMap<>();
  private final ByteBudget budget = new ByteBudget(MAX_HELD_BYTES);
  private int all;

  StreamServer(
      EventLoopGroup loop,
      Executor parsers,
      Supplier<Codecs> codecs,
      TransportCounters counters,
      Receiver receiver) {
    this(loop, parsers, codecs, counters, receiver, DEADLINE_NANOS);
  }

  StreamServer(
      EventLoopGroup loop,
      Executor parsers,
      Supplier<Codecs> codecs,
      TransportCounters counters,
      Receiver receiver,
      long deadlineNanos) {
    this.loop = loop;
    this.parsers = parsers;
    this.codecs = codecs;
    this.counters = counters;
    this.receiver = receiver;
    this.deadlineNanos = deadlineNanos;
  }

  Channel bind(InetSocketAddress address) throws IOException {
    var bound =
        new ServerBootstrap()
            .group(loop)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, MAX_STREAMS)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.AUTO_READ, false)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    accept(channel);
                  }
                })
            .bind(address)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IOException("cannot listen on " + address + ": " + reason(bound.cause()));
    }
    return bound.channel();
  }

  static String reason(Throwable cause) {
    return String.valueOf(cause.getMessage());
  }

  private void accept(SocketChannel channel) {
    InetAddress from = channel.remoteAddress().getAddress();
    int ofThis = open.getOrDefault(from, 0);
    if (all >= MAX_STREAMS || ofThis >= MAX_STREAMS_OF_ONE) {
      counters.add(TransportCounter.STREAMS_TOO_MANY);
      var _ = channel.close();
      return;
    }
    counters.add(TransportCounter.STREAMS_ACCEPTED);
    all++;
    open.put(from, ofThis + 1);
    channel
        .closeFuture()
        .addListener(
            closed -> {
              all--;
              open.computeIfPresent(from, (address, count) -> count == 1 ? null : count - 1);
            });
    channel.pipeline().addLast(new StreamHandler(deadlineNanos, counters, budget, this::begun));
  }

  private void begun(ChannelHandlerContext context, StreamInput input) {
    parsers.execute(() -> parse(context, input));
  }

  private void parse(ChannelHandlerContext context, StreamInput input) {
    try {
      StreamMessage request = codecs.get().streams().decode(input);
      context.executor().execute(() -> answer(context, request));
    } catch (WireException e) {
      counters.refused(e);
      var _ = context.close();
    } catch (IOException e) {
      var _ = context.close();
    }
  }

  private void answer(ChannelHandlerContext context, StreamMessage request) {
    StreamMessage answer = context.channel().isActive() ? receiver.stream(request) : null;
    if (answer == null) {
      var _ = context.close();
    } else {
      parsers.execute(() -> write(context, answer));
    }
  }

  private void write(ChannelHandlerContext context, StreamMessage answer) {
    byte[] bytes = codecs.get().streams().encode(answer);
    counters.add(TransportCounter.STREAM_BYTES_SENT, bytes.length);
    context.writeAndFlush(Unpooled.wrappedBuffer(bytes)).addListener(ChannelFutureListener.CLOSE);
  }
}
