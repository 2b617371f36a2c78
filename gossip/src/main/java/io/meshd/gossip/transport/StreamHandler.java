package io.meshd.gossip.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One connection: its bytes go to a {@link StreamInput}, and it has so much time and no more. */
final class StreamHandler extends ChannelInboundHandlerAdapter {
  private final long timeoutNanos;
  private final TransportCounters counters;
  private final ByteBudget budget;
  private final Begun begun;
  private long held;
  private @Nullable StreamInput input;
  private @Nullable ScheduledFuture<?> deadline;

  /** Hears of the connection when it stands; on the event loop. */
  interface Begun {
    void begun(ChannelHandlerContext context, StreamInput input);
  }

  StreamHandler(long timeoutNanos, TransportCounters counters, ByteBudget budget, Begun begun) {
    this.timeoutNanos = timeoutNanos;
    this.counters = counters;
    this.budget = budget;
    this.begun = begun;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    StreamInput fresh = new StreamInput(context.channel());
    input = fresh;
    deadline =
        context.executor().schedule(() -> timedOut(context), timeoutNanos, TimeUnit.NANOSECONDS);
    begun.begun(context, fresh);
  }

  private void timedOut(ChannelHandlerContext context) {
    counters.add(TransportCounter.STREAMS_TIMED_OUT);
    end("timed out");
    var _ = context.close();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    try {
      int size = bytes.readableBytes();
      counters.add(TransportCounter.STREAM_BYTES_RECEIVED, size);
      if (!budget.take(size)) {
        counters.add(TransportCounter.STREAMS_OUT_OF_MEMORY);
        end("too many bytes at once");
        var _ = context.close();
      } else if (input != null) {
        held += size;
        input.received(bytes);
      }
    } finally {
      bytes.release();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    if (deadline != null) {
      deadline.cancel(false);
    }
    budget.giveBack(held);
    held = 0;
    end(null);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    end(String.valueOf(cause.getMessage()));
    var _ = context.close();
  }

  private void end(@Nullable String trouble) {
    if (input != null) {
      input.end(trouble);
    }
  }
}
