package io.meshd.daemon.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Gives a TLS connection whose client asked for another protocol (ALPN, RFC 7301) to whoever serves
 * that one; all others stay with HTTP. The handshake ends before the first byte of either arrives.
 */
final class ProtocolSwitch extends ChannelInboundHandlerAdapter {
  private final Map<String, Consumer<Channel>> protocols;
  private final List<ChannelHandler> http;

  /** {@code http}: the handlers that leave when another protocol was chosen. */
  ProtocolSwitch(Map<String, Consumer<Channel>> protocols, List<ChannelHandler> http) {
    this.protocols = protocols;
    this.http = http;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
    if (event instanceof SslHandshakeCompletionEvent handshake) {
      String chosen = context.pipeline().get(SslHandler.class).applicationProtocol();
      Consumer<Channel> other = chosen == null ? null : protocols.get(chosen);
      if (handshake.isSuccess() && other != null) {
        http.forEach(context.pipeline()::remove);
        other.accept(context.channel());
      }
      super.userEventTriggered(context, event);
      context.pipeline().remove(this);
      return;
    }
    super.userEventTriggered(context, event);
  }
}
