package io.meshd.daemon.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.timeout.IdleStateEvent;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection. Requests are answered in order, one at a time, each on a virtual thread of its
 * own; up to {@link #MAX_QUEUED} may wait, one more closes the connection. All fields belong to the
 * event loop.
 *
 * <p>States: idle (no exchange) -> busy (an exchange runs) -> idle or closed; an upgrade takes this
 * handler out of the pipeline. An idle connection is closed after the time that the server's idle
 * handler says; a busy one is not. When the peer ends its side (half-close) while busy, a plain
 * answer is still sent; a stream counts as unread and ends.
 */
final class Connection extends ChannelInboundHandlerAdapter {

  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
  private static final int MAX_QUEUED = 256;

  private final ApiServer.Settings settings;
  private final ApiVersions versions;
  private final RouteTable routes;
  private final Function<Channel, Peer> peers;
  private final @Nullable DoorGuard guard;
  private final WriteGate gate;
  private final Deque<RawRequest> queued = new ArrayDeque<>();
  private @Nullable NettyExchange running;
  private int queuedBytes;
  private boolean inputEnded;
  private boolean closing;

  Connection(
      Channel channel,
      ApiServer.Settings settings,
      RouteTable routes,
      Function<Channel, Peer> peers,
      @Nullable DoorGuard guard) {
    this.settings = settings;
    this.versions = new ApiVersions(settings.oldestVersion(), settings.newestVersion());
    this.routes = routes;
    this.peers = peers;
    this.guard = guard;
    this.gate = new WriteGate(channel);
  }

  ApiServer.Settings settings() {
    return settings;
  }

  WriteGate gate() {
    return gate;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    switch (message) {
      case RawRequest _ when closing -> {}
      case RawRequest request when running == null -> start(context, request);
      case RawRequest request -> {
        queued.add(request);
        queuedBytes += request.body().length;
        if (queued.size() > MAX_QUEUED || queuedBytes > RequestReader.MAX_BODY) {
          LOG.warn("a connection is closed: {} requests wait for one answer", queued.size());
          gate.end();
        }
      }
      case RequestReader.Unread unread -> {
        if (running == null && !closing) {
          startUnread(context, unread.head());
        }
        // A pipelined one cannot be served behind others.
        closing = true;
      }
      case RequestReader.Malformed malformed -> {
        if (guard != null) {
          guard.count(context.channel(), TurnedAway.REQUEST_MALFORMED);
        }
        if (running == null) {
          refuse(context, malformed);
        } else {
          // A pipelined one: the answer before it is still sent, then nothing more.
          closing = true;
        }
      }
      default -> context.fireChannelRead(message);
    }
  }

  // 1. A request starts: version, route, door and role are checked on the virtual thread.
  private void start(ChannelHandlerContext context, RawRequest request) {
    NettyExchange exchange = new NettyExchange(this, context.channel(), request);
    running = exchange;
    Thread.ofVirtual().name("http-", 0).start(() -> run(exchange));
  }

  /** The rest of the connection is the handler's, the request's body to begin with. */
  private void startUnread(ChannelHandlerContext context, RawRequest head) {
    NettyExchange exchange = new NettyExchange(this, context.channel(), head);
    running = exchange;
    exchange.takeRest();
    Thread.ofVirtual().name("http-", 0).start(() -> run(exchange));
  }

  private void run(NettyExchange exchange) {
    try {
      Peer peer = peers.apply(exchange.channel());
      String path = exchange.route(versions, peer);
      Handler rest = exchange.unread() ? routes.rest(exchange.method(), path) : null;
      if (rest == null) {
        RouteTable.Match match = find(exchange, path, peer);
        exchange.setParams(match.params());
        rest = match.handler();
      }
      rest.handle(exchange);
      exchange.handlerDone();
    } catch (ApiException e) {
      exchange.fail(e.status(), e.text());
    } catch (IOException e) {
      // Our own words (tasks, files), or the peer has gone and nobody reads the answer.
      exchange.fail(500, e.getMessage() == null ? "input or output failed" : e.getMessage());
    } catch (InterruptedException _) {
      exchange.fail(503, "the daemon is stopping");
    } catch (Exception | StackOverflowError e) {
      LOG.error("{} {} failed", exchange.method(), exchange.path(), e);
      exchange.fail(500, "internal error, see the log of meshd");
    }
  }

  private RouteTable.Match find(NettyExchange exchange, String path, Peer peer) {
    try {
      return routes.find(exchange.method(), path, peer);
    } catch (ApiException e) {
      if (e.status() == 403 && guard != null) {
        guard.count(exchange.channel(), TurnedAway.ROLE);
      }
      throw e;
    }
  }

  // 2. The end of the answer, and then the next request, or the end of the connection. Any thread.
  // One task: a peer that has the answer may send the next request, which finds nothing running.
  void finish(NettyExchange exchange, Object last, boolean keep) {
    Channel channel = exchange.channel();
    channel
        .eventLoop()
        .execute(
            () -> {
              gate.send(last);
              next(channel, exchange, keep);
            });
  }

  private void next(Channel channel, NettyExchange exchange, boolean keep) {
    if (running != exchange) {
      return;
    }
    running = null;
    if (!keep || closing || (inputEnded && queued.isEmpty())) {
      closing = true;
      gate.end();
      return;
    }
    RawRequest request = queued.poll();
    if (request != null) {
      queuedBytes -= request.body().length;
      start(channel.pipeline().context(this), request);
    }
  }

  /** Whether a request waits behind the running one; an upgrade is refused then. Event loop. */
  boolean hasQueued() {
    return !queued.isEmpty() || closing;
  }

  private void refuse(ChannelHandlerContext context, RequestReader.Malformed malformed) {
    closing = true;
    byte[] json = NettyExchange.errorJson(malformed.message());
    ByteBuf body = Unpooled.wrappedBuffer(json);
    var response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(malformed.status()), body);
    settings.headers().forEach((name, value) -> response.headers().set(name, value));
    response.headers().set(HttpHeaderNames.CONTENT_TYPE, "application/json");
    response.headers().set(HttpHeaderNames.CONTENT_LENGTH, json.length);
    response.headers().set(HttpHeaderNames.CONNECTION, "close");
    // Half-closed, so that a peer that still sends can read the answer; the idle time ends it.
    context
        .writeAndFlush(response)
        .addListener(
            future -> {
              if (inputEnded) {
                gate.end();
              } else if (context.channel() instanceof DuplexChannel duplex) {
                duplex.shutdownOutput().addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
              }
            });
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    switch (event) {
      case IdleStateEvent _ when running == null -> gate.end();
      case ChannelInputShutdownEvent _ -> {
        inputEnded = true;
        if (running == null) {
          gate.end();
        } else {
          running.inputEnded();
        }
      }
      default -> context.fireUserEventTriggered(event);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    gate.signal();
    context.fireChannelWritabilityChanged();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    gate.signal();
    queued.clear();
    if (running != null) {
      running.gone();
    }
    context.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    LOG.debug("connection of {} ends", context.channel().remoteAddress(), cause);
    gate.end();
  }
}
