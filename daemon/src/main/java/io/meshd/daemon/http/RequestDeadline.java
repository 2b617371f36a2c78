package io.meshd.daemon.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection whose request does not arrive in time, however steadily it trickles; before
 * the HTTP decoder.
 *
 * <pre>
 *   nothing -> (first byte, or a stranger's handshake) head -> (head read) body -> (all read) nothing
 * </pre>
 */
final class RequestDeadline extends ChannelInboundHandlerAdapter {
  private final DoorGuard guard;
  private @Nullable ChannelHandlerContext context;
  private @Nullable ScheduledFuture<?> running;

  RequestDeadline(DoorGuard guard) {
    this.guard = guard;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext added) {
    context = added;
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext removed) {
    requestRead();
  }

  @Override
  public void channelRead(ChannelHandlerContext reading, Object message) {
    expected();
    reading.fireChannelRead(message);
  }

  @Override
  public void channelInactive(ChannelHandlerContext inactive) {
    requestRead();
    inactive.fireChannelInactive();
  }

  /** A head is to come, or has begun. */
  void expected() {
    if (running == null) {
      arm(guard.limits().head(), TurnedAway.REQUEST_SLOW);
    }
  }

  /** What is left is the body. */
  void headRead() {
    requestRead();
    arm(guard.limits().body(), TurnedAway.BODY_SLOW);
  }

  void requestRead() {
    if (running != null) {
      running.cancel(false);
      running = null;
    }
  }

  private void arm(Duration limit, TurnedAway reason) {
    ChannelHandlerContext here = context;
    if (here != null && here.channel().isActive()) {
      running =
          here.executor()
              .schedule(
                  () -> guard.turnAway(here.channel(), reason),
                  limit.toMillis(),
                  TimeUnit.MILLISECONDS);
    }
  }
}
