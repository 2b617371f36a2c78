package io.meshd.daemon.http;

import io.meshd.daemon.epoll.HalfCloseIoHandler;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
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
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
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

  /** At doors of the network, where strangers have them too. */
  private static final int MAX_REMOTE_HEADERS = 16 << 10;

  private static final int MAX_CHUNK = 64 << 10;

  private final Settings settings;
  private final ApiVersions versions;
  private final RouteTable routes = new RouteTable();
  private final MultiThreadIoEventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(
          2, new DefaultThreadFactory("meshd-http", true), HalfCloseIoHandler.newFactory());
  private final LongAdder refusedUsers = new LongAdder();

  /** Signatures and key agreements, so that loops with members on them do not wait for them. */
  private final ExecutorService handshakes =
      Executors.newFixedThreadPool(2, new DefaultThreadFactory("meshd-tls", true));

  private final DoorRecord controlRecord = new DoorRecord("control");
  private final DoorRecord plainRecord = new DoorRecord("health");
  private @Nullable Door unix;
  private @Nullable UnixSocketFile socketFile;
  private volatile @Nullable Door tls;
  private @Nullable Door plain;

  /**
   * What stands at a door.
   *
   * @param protocols what else than HTTP clients may choose in TLS (ALPN), and who serves it
   * @param guard null on the unix socket
   * @param peers who is at the other end
   * @param refusal what every request of a connection is answered with, or null to serve it
   */
  private record Entrance(
      @Nullable SslContext context,
      Map<String, Consumer<Channel>> protocols,
      @Nullable DoorGuard guard,
      Function<Channel, Peer> peers,
      Function<Channel, RequestReader.@Nullable Malformed> refusal) {}

  private record Door(Channel listener, ChannelGroup connections, @Nullable DoorGuard guard) {
    void close() {
      listener.close().awaitUninterruptibly();
      connections.close().awaitUninterruptibly();
    }
  }

  public ApiServer(Settings settings) {
    this.settings = settings;
    this.versions = new ApiVersions(settings.oldestVersion(), settings.newestVersion());
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
            new Entrance(null, Map.of(), null, Peers::local, channel -> refusal(users, channel)));
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

  /** The threads that read and write. */
  public List<Executor> loops() {
    List<Executor> all = new ArrayList<>();
    loops.forEach(all::add);
    return all;
  }

  /**
   * Name to value: {@code api.socket.refused}, connections of users who may not speak; {@code
   * control.refused.REASON}, those turned away at the cluster's door, and {@code
   * control.strangers}, connections there of whom nobody knows yet who they are; {@code
   * health.refused.REASON} for the door without encryption.
   */
  public synchronized Map<String, Long> counters() {
    Map<String, Long> counters = new TreeMap<>(controlRecord.counters());
    counters.putAll(plainRecord.counters());
    counters.put("api.socket.refused", refusedUsers.sum());
    DoorGuard guard = tls == null ? null : tls.guard();
    if (guard != null) {
      counters.put("control.strangers", (long) guard.strangers());
    }
    return counters;
  }

  /**
   * Serves the cluster's door.
   *
   * @param context with client certificates asked for but not required (joining has none yet)
   * @param keeper who may speak
   * @return the address that is bound (for port 0)
   * @throws IOException in one sentence when the address is taken or not this host's
   */
  public InetSocketAddress openTls(InetSocketAddress address, SslContext context, Doorkeeper keeper)
      throws IOException {
    return openTls(address, context, keeper, Map.of());
  }

  /**
   * Serves the cluster's door, and other protocols beside HTTP there.
   *
   * @param protocols name to who serves a channel whose client chose it (ALPN): called on the
   *     channel's event loop once the handshake is done, with TLS alone in the pipeline; who it is
   *     is to be looked at there
   */
  public InetSocketAddress openTls(
      InetSocketAddress address,
      SslContext context,
      Doorkeeper keeper,
      Map<String, Consumer<Channel>> protocols)
      throws IOException {
    return openTls(address, context, keeper, protocols, DoorLimits.ORDINARY);
  }

  /** The same with other limits. */
  public synchronized InetSocketAddress openTls(
      InetSocketAddress address,
      SslContext context,
      Doorkeeper keeper,
      Map<String, Consumer<Channel>> protocols,
      DoorLimits limits)
      throws IOException {
    if (tls != null) {
      throw new IllegalStateException("the TLS door is open already");
    }
    String name = address.getHostString() + ":" + address.getPort();
    DoorGuard guard = new DoorGuard(controlRecord, limits, keeper);
    Door door =
        open(
            EpollServerSocketChannel.class,
            address,
            name,
            new Entrance(context, protocols, guard, guard::peer, _ -> null));
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
            new Entrance(
                null,
                Map.of(),
                new DoorGuard(plainRecord, DoorLimits.PLAIN, null),
                Peers::anyone,
                _ -> null));
    plain = door;
    return (InetSocketAddress) door.listener().localAddress();
  }

  /**
   * The cluster's nodes have changed: connections of those that may not speak any more end, with
   * all that streams on them.
   */
  public void recheck() {
    Door door = tls;
    if (door != null && door.guard() != null) {
      door.guard().recheck(door.connections());
    }
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
                    DoorGuard guard = entrance.guard();
                    if (guard == null || guard.admit(channel)) {
                      connections.add(channel);
                      prepare(channel, entrance);
                    }
                  }
                })
            .bind(address)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IOException("cannot listen on %s: %s".formatted(name, reason(bound.cause())));
    }
    return new Door(bound.channel(), connections, entrance.guard());
  }

  private void prepare(Channel channel, Entrance entrance) {
    SslContext context = entrance.context();
    DoorGuard guard = entrance.guard();
    ChannelPipeline pipeline = channel.pipeline();
    if (context != null && guard != null) {
      SslHandler handler = context.newHandler(channel.alloc(), handshakes);
      handler.setHandshakeTimeoutMillis(guard.limits().handshake().toMillis());
      pipeline.addLast(handler, new HandshakeWatch(guard));
    }
    RequestDeadline deadline = guard == null ? null : new RequestDeadline(guard);
    HttpDecoderConfig limits =
        new HttpDecoderConfig()
            .setMaxInitialLineLength(MAX_REQUEST_LINE)
            .setMaxHeaderSize(guard == null ? MAX_HEADERS : MAX_REMOTE_HEADERS)
            .setMaxChunkSize(MAX_CHUNK);
    boolean oneRequest = context != null;
    List<ChannelHandler> http = new ArrayList<>();
    if (deadline != null) {
      http.add(deadline);
    }
    http.add(new HttpServerCodec(limits));
    http.add(
        new RequestReader(
            entrance.refusal().apply(channel),
            deadline,
            () -> oneRequest && guard != null && guard.stranger(channel),
            guard == null ? this::unread : (_, _) -> false));
    http.add(new IdleStateHandler(0, 0, settings.idle().toMillis(), TimeUnit.MILLISECONDS));
    http.add(new Connection(channel, settings, routes, entrance.peers(), guard));
    if (!entrance.protocols().isEmpty()) {
      pipeline.addLast(new ProtocolSwitch(entrance.protocols(), http));
    }
    pipeline.addLast(http.toArray(ChannelHandler[]::new));
  }

  private boolean unread(String method, String target) {
    int question = target.indexOf('?');
    String path = question < 0 ? target : target.substring(0, question);
    try {
      return routes.rest(method, versions.split(path).path()) != null;
    } catch (ApiException _) {
      return false; // read whole, and then refused for its version or its escapes
    }
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
    handshakes.shutdownNow();
    loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
  }
}
