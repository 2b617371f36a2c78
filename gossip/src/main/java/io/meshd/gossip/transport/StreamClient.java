package io.meshd.gossip.transport;

import io.meshd.gossip.spi.Transport.Answer;
import io.meshd.gossip.wire.StreamMessage;
import io.meshd.gossip.wire.WireException;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Streams that we open: one request, one answer. */
final class StreamClient {
  private static final int MAX_STREAMS = 128;
  private static final long MAX_HELD_BYTES = 256L << 20;

  private final EventLoop loop;
  private final Executor parsers;
  private final Supplier<Codecs> codecs;
  private final TransportCounters counters;
  private final @Nullable InetSocketAddress source;
  private final ByteBudget budget = new ByteBudget(MAX_HELD_BYTES);
  private int all;

  /**
   * A client.
   *
   * @param source address from which it connects; null for the kernel's choice
   */
  StreamClient(
      EventLoop loop,
      Executor parsers,
      Supplier<Codecs> codecs,
      TransportCounters counters,
      @Nullable InetSocketAddress source) {
    this.loop = loop;
    this.parsers = parsers;
    this.codecs = codecs;
    this.counters = counters;
    this.source = source;
  }

  /** On the event loop. */
  void request(InetSocketAddress to, StreamMessage request, long timeoutNanos, Answer answer) {
    Exchange exchange = new Exchange(request, answer);
    if (all >= MAX_STREAMS) {
      counters.add(TransportCounter.STREAMS_TOO_MANY);
      loop.execute(() -> exchange.end("too many streams at once"));
      return;
    }
    all++;
    counters.add(TransportCounter.STREAMS_OPENED);
    exchange.open(to, timeoutNanos);
  }

  private final class Exchange {
    private final StreamMessage request;
    private final Answer answer;
    private @Nullable ScheduledFuture<?> deadline;
    private @Nullable Channel channel;
    private boolean counted;
    private boolean ended;

    Exchange(StreamMessage request, Answer answer) {
      this.request = request;
      this.answer = answer;
    }

    void open(InetSocketAddress to, long timeoutNanos) {
      counted = true;
      deadline = loop.schedule(() -> end("timed out"), timeoutNanos, TimeUnit.NANOSECONDS);
      Bootstrap bootstrap =
          new Bootstrap()
              .group(loop)
              .channel(NioSocketChannel.class)
              .option(ChannelOption.AUTO_READ, false)
              .option(ChannelOption.TCP_NODELAY, true)
              .option(
                  ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) Math.max(1, timeoutNanos / 1_000_000))
              .handler(
                  new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                      channel
                          .pipeline()
                          .addLast(
                              new StreamHandler(
                                  timeoutNanos, counters, budget, Exchange.this::begun));
                    }
                  });
      var connect = source == null ? bootstrap.connect(to) : bootstrap.connect(to, source);
      channel = connect.channel();
      connect.addListener(
          done -> {
            if (!done.isSuccess()) {
              failed(done.cause());
            }
          });
    }

    private void begun(ChannelHandlerContext context, StreamInput input) {
      parsers.execute(() -> talk(context, input));
    }

    private void talk(ChannelHandlerContext context, StreamInput input) {
      Codecs now = codecs.get();
      byte[] bytes = now.streams().encode(request);
      counters.add(TransportCounter.STREAM_BYTES_SENT, bytes.length);
      // A write that fails ends the stream, and the reader hears of it.
      var _ = context.writeAndFlush(Unpooled.wrappedBuffer(bytes));
      try {
        StreamMessage reply = now.streams().decode(input);
        loop.execute(() -> end(reply));
      } catch (WireException e) {
        counters.refused(e);
        loop.execute(() -> end(StreamServer.reason(e)));
      } catch (IOException e) {
        loop.execute(() -> end(StreamServer.reason(e)));
      }
    }

    private void end(StreamMessage reply) {
      if (close()) {
        answer.received(reply);
      }
    }

    void end(String reason) {
      if (close()) {
        answer.failed(reason);
      }
    }

    private void failed(Throwable cause) {
      if (cause instanceof ConnectException && !(cause instanceof ConnectTimeoutException)) {
        if (close()) {
          answer.refused();
        }
      } else {
        end(StreamServer.reason(cause));
      }
    }

    private boolean close() {
      if (ended) {
        return false;
      }
      ended = true;
      if (counted) {
        all--;
      }
      if (deadline != null) {
        deadline.cancel(false);
      }
      if (channel != null) {
        var _ = channel.close();
      }
      return true;
    }
  }
}
