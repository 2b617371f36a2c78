package io.meshd.daemon.managers;

import io.meshd.daemon.managers.Frames.Frame;
import io.meshd.daemon.managers.Frames.Kind;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.DecoderException;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** The end of a connection at which answers arrive: gives each to whoever asked. */
final class Outgoing extends SimpleChannelInboundHandler<ByteBuf> {
  private final ManagerCounters counters;
  private final Map<Long, CompletableFuture<byte[]>> asked = new ConcurrentHashMap<>();

  private final long madeAt = System.nanoTime();
  private volatile long heardAt = madeAt;

  Outgoing(ManagerCounters counters) {
    this.counters = counters;
  }

  /** Before the request is written. */
  void expect(long request, CompletableFuture<byte[]> answer) {
    asked.put(request, answer);
    var _ = answer.whenComplete((_, _) -> asked.remove(request));
  }

  /** Whether this connection was there at that time and has brought nothing since. */
  boolean silentSince(long nanoTime) {
    return madeAt - nanoTime <= 0 && heardAt - nanoTime <= 0;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, ByteBuf in) {
    heardAt = System.nanoTime();
    Frame frame = Frames.decode(in);
    CompletableFuture<byte[]> answer = frame == null ? null : asked.remove(frame.request());
    if (frame == null || answer == null) {
      return;
    }
    if (frame.kind() == Kind.ANSWER) {
      answer.complete(frame.payload());
    } else {
      fail(answer, new String(frame.payload(), StandardCharsets.UTF_8));
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    asked.values().forEach(answer -> fail(answer, "the connection broke"));
  }

  /** Not at once: whoever asks again does so at once. */
  static void fail(CompletableFuture<byte[]> answer, String words) {
    ManagerTransport.LATER.execute(() -> answer.completeExceptionally(new ConnectException(words)));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (cause instanceof DecoderException) {
      counters.count(ManagerCounter.MALFORMED);
    }
    var _ = context.close();
  }
}
