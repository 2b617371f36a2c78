package io.meshd.daemon.ingress;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.Socket;
import java.util.concurrent.TimeUnit;

/** A listening socket on a loop: accepts, and hands each client to the loops in turn. */
final class Listener extends ChannelInboundHandlerAdapter {
  /** After a failed accept, mostly for want of descriptors, others may close some meanwhile. */
  private static final long ACCEPT_PAUSE_MILLIS = 100;

  private final EpollServerSocketChannel channel;
  private final BackendPool pool;
  private final ProxyLoops loops;

  private Listener(EpollServerSocketChannel channel, BackendPool pool, ProxyLoops loops) {
    this.channel = channel;
    this.pool = pool;
    this.loops = loops;
  }

  /** Takes over the socket, which listens already. */
  static Listener open(Socket listening, BackendPool pool, ProxyLoops loops) {
    EpollServerSocketChannel channel = new EpollServerSocketChannel(listening.intValue());
    // Inherited by every accepted socket, so that none of it costs a system call per connection.
    SocketTuning.listener(listening);
    Listener listener = new Listener(channel, pool, loops);
    channel.pipeline().addLast(listener);
    var _ = loops.next().register(channel);
    return listener;
  }

  /** Returns when the kernel refuses new connections. */
  void close() {
    channel.close().awaitUninterruptibly();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    loops.counters().count(IngressCounter.ACCEPTED);
    EpollSocketChannel client = (EpollSocketChannel) message;
    EventLoop loop = loops.next();
    loop.execute(() -> new ConnectAttempt(client, loop, pool, loops).start());
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    loops.counters().count(IngressCounter.ACCEPT_FAILED);
    Channel listening = context.channel();
    listening.config().setAutoRead(false);
    var _ =
        context
            .executor()
            .schedule(
                () -> listening.config().setAutoRead(true),
                ACCEPT_PAUSE_MILLIS,
                TimeUnit.MILLISECONDS);
  }
}
