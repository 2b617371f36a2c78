package io.meshd.gossip.transport;

import io.meshd.gossip.spi.Receiver;
import io.meshd.gossip.spi.Timers;
import io.meshd.gossip.spi.Transport;
import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.KeyRing;
import io.meshd.gossip.wire.StreamMessage;
import io.meshd.gossip.wire.WireException;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * UDP and TCP on one address. One event loop has the sockets, the timers and the core; streams are
 * encoded and parsed on virtual threads, which may wait for a slow peer.
 */
public final class NettyTransport implements Transport, AutoCloseable {
  /** Largest datagram, with encryption and label: passes wherever the Internet's MTU does. */
  public static final int MAX_DATAGRAM_BYTES = 1400;

  private static final int RECEIVE_BUFFER_BYTES = 1 << 16;
  private static final int SOCKET_BUFFER_BYTES = 1 << 20;

  /** Checksum, and the head of a packet of several messages. */
  private static final int CRC_AND_COMPOUND_BYTES = 5 + 2;

  private final MultiThreadIoEventLoopGroup group;
  private final LoopTimers timers;
  private final TransportCounters counters = new TransportCounters();
  private final Executor parsers = task -> Thread.ofVirtual().name("gossip-stream").start(task);
  private final InetSocketAddress bind;
  private final StreamClient client;
  private volatile Codecs codecs;
  private @Nullable Channel packets;
  private @Nullable Channel streams;

  /**
   * A transport that is not open yet.
   *
   * @param label the cluster's, empty for none
   * @param keys null where nothing is encrypted
   */
  public NettyTransport(InetSocketAddress bind, String label, @Nullable KeyRing keys) {
    this.bind = bind;
    codecs = Codecs.of(label, keys);
    group =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("gossip", true), NioIoHandler.newFactory());
    timers = new LoopTimers(group.next());
    InetSocketAddress source =
        bind.getAddress().isAnyLocalAddress() ? null : new InetSocketAddress(bind.getAddress(), 0);
    client = new StreamClient(group.next(), parsers, () -> codecs, counters, source);
  }

  /**
   * Binds both sockets.
   *
   * @throws IOException with the address and the kernel's reason; then none is bound
   */
  public void open(Receiver receiver) throws IOException {
    streams = new StreamServer(group, parsers, () -> codecs, counters, receiver).bind(bind);
    var bound =
        new Bootstrap()
            .group(group)
            .channel(NioDatagramChannel.class)
            .option(ChannelOption.SO_RCVBUF, SOCKET_BUFFER_BYTES)
            .option(
                ChannelOption.RECVBUF_ALLOCATOR,
                new FixedRecvByteBufAllocator(RECEIVE_BUFFER_BYTES))
            .handler(new Packets(receiver))
            .bind(bind)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      streams.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
      throw new IOException(
          "cannot receive on " + bind + ": " + StreamServer.reason(bound.cause()));
    }
    packets = bound.channel();
  }

  /** From the next packet and stream on. */
  public void keys(@Nullable KeyRing keys) {
    codecs = Codecs.of(codecs.label(), keys);
  }

  private final class Packets extends SimpleChannelInboundHandler<DatagramPacket> {
    private final Receiver receiver;

    Packets(Receiver receiver) {
      this.receiver = receiver;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
      byte[] bytes = new byte[packet.content().readableBytes()];
      packet.content().readBytes(bytes);
      counters.add(TransportCounter.DATAGRAMS_RECEIVED);
      counters.add(TransportCounter.DATAGRAM_BYTES_RECEIVED, bytes.length);
      try {
        receiver.packet(Address.of(packet.sender()), codecs.packets().decode(bytes));
      } catch (WireException e) {
        counters.refused(e);
      }
    }

    /** A port that is closed on the other side is told to us here: the probes find out. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      if (!(cause instanceof IOException)) {
        context.fireExceptionCaught(cause);
      }
    }
  }

  @Override
  public void send(Address to, List<byte[]> messages, boolean crc) {
    byte[] bytes = codecs.packets().encode(messages, crc);
    Channel channel = packets;
    if (channel == null || !channel.isWritable()) {
      counters.add(TransportCounter.DATAGRAMS_NOT_SENT);
      return;
    }
    counters.add(TransportCounter.DATAGRAMS_SENT);
    counters.add(TransportCounter.DATAGRAM_BYTES_SENT, bytes.length);
    channel
        .writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(bytes), to.toSocketAddress()))
        .addListener(
            sent -> {
              if (!sent.isSuccess()) {
                counters.add(TransportCounter.DATAGRAMS_NOT_SENT);
              }
            });
  }

  @Override
  public int room() {
    return MAX_DATAGRAM_BYTES - codecs.packets().overhead() - CRC_AND_COMPOUND_BYTES;
  }

  @Override
  public void request(Address to, StreamMessage request, long timeoutNanos, Answer answer) {
    client.request(to.toSocketAddress(), request, timeoutNanos, answer);
  }

  /** Time and work on the event loop. */
  public Timers timers() {
    return timers;
  }

  /** The core's thread. */
  public Executor thread() {
    return group;
  }

  public TransportCounters counters() {
    return counters;
  }

  /** Closes the sockets and ends the thread, within two seconds. */
  @Override
  public void close() {
    if (packets != null) {
      packets.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
    }
    if (streams != null) {
      streams.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
    }
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}
