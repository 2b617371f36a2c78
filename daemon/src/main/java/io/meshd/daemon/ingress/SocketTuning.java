package io.meshd.daemon.ingress;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelException;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollSocketChannelConfig;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.util.Map;

/**
 * Options of the proxy's sockets.
 *
 * <p>Memory of a connection in this process, each direction: at most one read (64 KiB when the
 * stream is bulk, 512 B to 4 KiB when it is not) above {@link #HIGH_WATER_BYTES}; beyond that the
 * reader stops and the sender meets a closed TCP window.
 *
 * <p>Keep-alive finds peers that vanished without a word: after 120 s of silence, 4 probes 15 s
 * apart. It never ends a connection whose peer is alive, however long that is idle.
 */
final class SocketTuning {
  private static final int HIGH_WATER_BYTES = 64 * 1024;
  private static final int LOW_WATER_BYTES = 16 * 1024;
  private static final int KEEP_IDLE_SECONDS = 120;
  private static final int KEEP_INTERVAL_SECONDS = 15;
  private static final int KEEP_PROBES = 4;

  /** Numbers of linux/tcp.h: TCP_KEEPIDLE 4, TCP_KEEPINTVL 5, TCP_KEEPCNT 6. */
  private static final Map<Integer, Integer> KEEP_ALIVE =
      Map.of(4, KEEP_IDLE_SECONDS, 5, KEEP_INTERVAL_SECONDS, 6, KEEP_PROBES);

  private static final int IPPROTO_TCP = 6;
  private static final WriteBufferWaterMark WATER =
      new WriteBufferWaterMark(LOW_WATER_BYTES, HIGH_WATER_BYTES);

  private SocketTuning() {}

  /** What accepted sockets inherit. Failing to set one of these costs speed, not correctness. */
  static void listener(Socket listening) {
    try {
      listening.setTcpNoDelay(true);
      listening.setKeepAlive(true);
      for (Map.Entry<Integer, Integer> option : KEEP_ALIVE.entrySet()) {
        listening.setIntOpt(IPPROTO_TCP, option.getKey(), option.getValue());
      }
    } catch (IOException e) {
      throw new ChannelException("options of a listening socket", e);
    }
  }

  /** A socket towards a backend; Netty sets TCP_NODELAY itself. */
  static void upstream(EpollSocketChannel channel, ByteBufAllocator allocator, int timeoutMillis) {
    both(channel, allocator)
        .setConnectTimeoutMillis(timeoutMillis)
        .setKeepAlive(true)
        .setTcpKeepIdle(KEEP_IDLE_SECONDS)
        .setTcpKeepIntvl(KEEP_INTERVAL_SECONDS)
        .setTcpKeepCnt(KEEP_PROBES);
  }

  /** An accepted socket; the rest it has from its listener. */
  static void client(EpollSocketChannel channel, ByteBufAllocator allocator) {
    both(channel, allocator);
  }

  /** Makes the coming close send RST, so that the peer learns that this was no orderly end. */
  static void resetOnClose(EpollSocketChannel channel) {
    try {
      channel.config().setSoLinger(0);
    } catch (ChannelException e) {
      // The socket is gone already, and its peer knows.
    }
  }

  private static EpollSocketChannelConfig both(
      EpollSocketChannel channel, ByteBufAllocator allocator) {
    return channel
        .config()
        .setAllocator(allocator)
        .setRecvByteBufAllocator(new AdaptiveRecvByteBufAllocator(512, 4096, 64 * 1024))
        .setWriteBufferWaterMark(WATER)
        .setAllowHalfClosure(true)
        .setAutoRead(false);
  }
}
