package io.meshd.daemon.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Says what became of a connection's TLS handshake; behind the SslHandler. */
final class HandshakeWatch extends ChannelInboundHandlerAdapter {
  private final DoorGuard guard;
  private boolean over;

  HandshakeWatch(DoorGuard guard) {
    this.guard = guard;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof SslHandshakeCompletionEvent done && !over) {
      over = true;
      if (done.isSuccess()) {
        guard.shown(context.channel());
        if (guard.stranger(context.channel())) {
          context.pipeline().get(RequestDeadline.class).expected();
        }
      } else {
        guard.count(context.channel(), reason(done.cause()));
        var _ = context.close();
      }
    }
    context.fireUserEventTriggered(event);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (!over) {
      over = true;
      guard.turnAway(context.channel(), reason(cause));
    } else if (unwrapped(cause) instanceof SSLException) {
      guard.turnAway(context.channel(), TurnedAway.TLS_MALFORMED);
    } else {
      context.fireExceptionCaught(cause);
    }
  }

  private static Throwable unwrapped(Throwable cause) {
    return cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause;
  }

  static TurnedAway reason(@Nullable Throwable cause) {
    Throwable each = cause;
    for (int depth = 0; each != null && depth < 10; depth++, each = each.getCause()) {
      TurnedAway reason =
          switch (each) {
            case NotSslRecordException _ -> TurnedAway.NOT_TLS;
            case SslHandshakeTimeoutException _ -> TurnedAway.HANDSHAKE_SLOW;
            case CertificateExpiredException _ -> TurnedAway.CERTIFICATE_EXPIRED;
            case CertificateNotYetValidException _ -> TurnedAway.CERTIFICATE_EXPIRED;
            case CertificateException _ -> TurnedAway.CERTIFICATE_FOREIGN;
            case ClosedChannelException _ -> TurnedAway.HANDSHAKE_BROKEN;
            default -> null;
          };
      if (reason != null) {
        return reason;
      }
    }
    // The JDK says these in messages alone.
    String words = String.valueOf(cause == null ? "" : unwrapped(cause).getMessage());
    String lower = words.toLowerCase(Locale.ROOT);
    if (lower.contains("protocol_version") || lower.contains("protocol version")) {
      return TurnedAway.TLS_VERSION;
    }
    if (lower.contains("closed") || lower.contains("reset by peer")) {
      return TurnedAway.HANDSHAKE_BROKEN;
    }
    return TurnedAway.TLS_MALFORMED;
  }
}
