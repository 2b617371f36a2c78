package io.meshd.daemon.http;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Collects a request's parts into one {@link RawRequest}, at most {@link #MAX_BODY} of body. What
 * cannot be one becomes a {@link Malformed}, after which nothing more is read: the rest of an
 * oversized body is taken off the wire and dropped, so that the peer gets to read the answer.
 */
final class RequestReader extends ChannelInboundHandlerAdapter {

  /** Bytes of a request's body. */
  static final int MAX_BODY = 4 << 20;

  /** Not a request: what to answer before closing. */
  record Malformed(int status, String message) {}

  private final @Nullable Malformed refusal;
  private @Nullable HttpRequest head;
  private ByteArrayOutputStream body = new ByteArrayOutputStream(0);
  private boolean rejected;

  /** {@code refusal}: what every request of this connection becomes, or null to read them. */
  RequestReader(@Nullable Malformed refusal) {
    this.refusal = refusal;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws IOException {
    try {
      if (rejected) {
        return;
      }
      if (message instanceof HttpRequest request) {
        begin(context, request);
      }
      if (message instanceof HttpContent content && !rejected) {
        append(context, content);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void begin(ChannelHandlerContext context, HttpRequest request) {
    if (failed(context, request.decoderResult())) {
      return;
    }
    if (refusal != null) {
      reject(context, refusal);
      return;
    }
    if (HttpUtil.getContentLength(request, 0L) > MAX_BODY) {
      rejectTooLarge(context);
      return;
    }
    if (HttpUtil.is100ContinueExpected(request)) {
      context
          .writeAndFlush(
              new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE))
          .addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }
    head = request;
    body = new ByteArrayOutputStream(0);
  }

  private void append(ChannelHandlerContext context, HttpContent content) throws IOException {
    HttpRequest request = head;
    if (request == null || failed(context, content.decoderResult())) {
      return;
    }
    if (body.size() + content.content().readableBytes() > MAX_BODY) {
      rejectTooLarge(context);
      return;
    }
    content.content().readBytes(body, content.content().readableBytes());
    if (content instanceof LastHttpContent) {
      head = null;
      context.fireChannelRead(
          new RawRequest(
              request.method().name(),
              request.uri(),
              request.headers(),
              body.toByteArray(),
              HttpUtil.isKeepAlive(request),
              request.protocolVersion().compareTo(HttpVersion.HTTP_1_1) >= 0));
    }
  }

  private boolean failed(ChannelHandlerContext context, DecoderResult result) {
    if (!result.isFailure()) {
      return false;
    }
    if (result.cause() instanceof TooLongHttpLineException) {
      reject(context, new Malformed(414, "the request line is too long"));
    } else if (result.cause() instanceof TooLongHttpHeaderException) {
      reject(context, new Malformed(431, "the request's headers are too long"));
    } else {
      reject(context, new Malformed(400, "malformed HTTP request"));
    }
    return true;
  }

  private void rejectTooLarge(ChannelHandlerContext context) {
    reject(context, new Malformed(413, "the request's body is larger than 4 MiB"));
  }

  private void reject(ChannelHandlerContext context, Malformed malformed) {
    rejected = true;
    head = null;
    body = new ByteArrayOutputStream(0);
    context.fireChannelRead(malformed);
  }
}
