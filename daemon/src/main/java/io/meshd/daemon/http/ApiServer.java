package io.meshd.daemon.http;

import io.meshd.daemon.epoll.HalfCloseIoHandler;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 server. Its doors are opened when they are wanted: {@link #openUnix} for the node's
 * own users, {@link #openTls} for the cluster's nodes, {@link #openPlain} for anyone. All serve
 * {@link #routes}, each what its {@link Routes.Doors} say.
 */
public final class ApiServer implements AutoCloseable {

  /**
   * @param headers put on every answer; a handler may replace one
   * @param oldestVersion the lowest {@code /vX.Y} that is served, 1.24
   * @param newestVersion the highest, 1.47
   * @param idle after which a connection without a running exchange is closed
   */
  public record Settings(
      Map<String, String> headers, String oldestVersion, String newestVersion, Duration idle) {}

  private static final int MAX_REQUEST_LINE = 16 << 10;
  private static final int MAX_HEADERS = 64 << 10;
  private static final int MAX_CHUNK = 64 << 10;

  private final Settings settings;
  private final RouteTable routes = new RouteTable();
  private final MultiThreadIoEventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(
          2, new DefaultThreadFactory("meshd-http", true), HalfCloseIoHandler.newFactory());
  private final LongAdder refusedUsers = new LongAdder();
  private @Nullable Door unix;
  private @Nullable UnixSocketFile socketFile;
  private @Nullable Door tls;
  private @Nullable Door plain;

  /**
   * What stands at a door.
   *
   * @param peers who is at the other end
   * @param refusal what every request of a connection is answered with, or null to serve it
   */
  private record Entrance(
      @Nullable SslContext context,
      Function<Channel, Peer> peers,
      Function<Channel, RequestReader.@Nullable Malformed> refusal) {}

  private record Door(Channel listener, ChannelGroup connections) {
    void close() {
      listener.close().awaitUninterruptibly();
      connections.close().awaitUninterruptibly();
    }
  }

  public ApiServer(Settings settings) {
    this.settings = settings;
  }

  public Routes routes() {
    return routes;
  }

  /**
   * Serves the local door, for root and the group {@code meshd} (mode 0660, or 0600 where there is
   * no such group). A socket file that nobody serves is replaced.
   *
   * @throws IOException in one sentence when it is served already or cannot be made
   */
  public void openUnix(Path path) throws IOException {
    openUnix(path, UnixSocketFile.GROUP);
  }

  synchronized void openUnix(Path path, String group) throws IOException {
    if (unix != null) {
      throw new IllegalStateException("the unix socket is open already");
    }
    UnixSocketFile file = new UnixSocketFile(path, group);
    file.prepare();
    AtomicReference<@Nullable SocketUsers> users = new AtomicReference<>();
    Door door =
        open(
            EpollServerDomainSocketChannel.class,
            new DomainSocketAddress(file.bindPath().toFile()),
            path.toString(),
            new Entrance(null, Peers::local, channel -> refusal(users, channel)));
    unix = door;
    users.set(new SocketUsers(path, file.restrict(), refusedUsers));
    file.publish();
    socketFile = file;
  }

  /** Nobody knows the socket's name before it has its users. */
  private static RequestReader.@Nullable Malformed refusal(
      AtomicReference<@Nullable SocketUsers> users, Channel channel) {
    SocketUsers known = users.get();
    return known == null
        ? new RequestReader.Malformed(403, "this socket is not open yet")
        : known.refusal(channel);
  }

  /** Name to value: {@code api.socket.refused}, connections of users who may not speak. */
  public Map<String, Long> counters() {
    return Map.of("api.socket.refused", refusedUsers.sum());
  }

  /**
   * Serves the cluster's door.
   *
   * @param context with client certificates asked for but not required (joining has none yet)
   * @return the address that is bound (for port 0)
   * @throws IOException in one sentence when the address is taken or not this host's
   */
  public synchronized InetSocketAddress openTls(InetSocketAddress address, SslContext context)
      throws IOException {
    if (tls != null) {
      throw new IllegalStateException("the TLS door is open already");
    }
    String name = address.getHostString() + ":" + address.getPort();
    Door door =
        open(
            EpollServerSocketChannel.class,
            address,
            name,
            new Entrance(context, Peers::remote, _ -> null));
    tls = door;
    return (InetSocketAddress) door.listener().localAddress();
  }

  /**
   * Serves a door without encryption: nobody there has a certificate, so it leads to what is open
   * to {@link Routes.Doors#ANYONE} only.
   *
   * @throws IOException in one sentence when the address is taken or not this host's
   */
  public synchronized InetSocketAddress openPlain(InetSocketAddress address) throws IOException {
    if (plain != null) {
      throw new IllegalStateException("the plain door is open already");
    }
    String name = address.getHostString() + ":" + address.getPort();
    Door door =
        open(
            EpollServerSocketChannel.class,
            address,
            name,
            new Entrance(null, Peers::anyone, _ -> null));
    plain = door;
    return (InetSocketAddress) door.listener().localAddress();
  }

  /** Closes the cluster's door and its connections; it can be opened again. */
  public synchronized void closeTls() {
    if (tls != null) {
      tls.close();
      tls = null;
    }
  }

  private Door open(
      Class<? extends ServerChannel> type, SocketAddress address, String name, Entrance entrance)
      throws IOException {
    ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loops)
            .channel(type)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .childOption(
                ChannelOption.WRITE_BUFFER_WATER_MARK,
                new WriteBufferWaterMark(64 << 10, 256 << 10))
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    connections.add(channel);
                    prepare(channel, entrance);
                  }
                })
            .bind(address)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IOException("cannot listen on %s: %s".formatted(name, reason(bound.cause())));
    }
    return new Door(bound.channel(), connections);
  }

  private void prepare(Channel channel, Entrance entrance) {
    SslContext context = entrance.context();
    if (context != null) {
      channel.pipeline().addLast(context.newHandler(channel.alloc()));
    }
    HttpDecoderConfig limits =
        new HttpDecoderConfig()
            .setMaxInitialLineLength(MAX_REQUEST_LINE)
            .setMaxHeaderSize(MAX_HEADERS)
            .setMaxChunkSize(MAX_CHUNK);
    channel
        .pipeline()
        .addLast(
            new HttpServerCodec(limits),
            new RequestReader(entrance.refusal().apply(channel)),
            new IdleStateHandler(0, 0, settings.idle().toMillis(), TimeUnit.MILLISECONDS),
            new Connection(channel, settings, routes, entrance.peers()));
  }

  /** Netty prefixes the system's words: bind(..) failed with error(-98): Address already in use. */
  private static String reason(@Nullable Throwable cause) {
    String text = cause == null ? "" : String.valueOf(cause.getMessage());
    return text.substring(text.lastIndexOf(": ") + 1).strip();
  }

  /** Closes all doors and every connection, and removes the socket's file. */
  @Override
  public synchronized void close() throws IOException {
    closeTls();
    if (plain != null) {
      plain.close();
      plain = null;
    }
    if (unix != null) {
      unix.close();
      unix = null;
    }
    if (socketFile != null) {
      socketFile.remove();
      socketFile = null;
    }
    loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
  }
}
