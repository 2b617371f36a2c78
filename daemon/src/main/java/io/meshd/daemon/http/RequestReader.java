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
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
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

  /** A request whose body is still to come, as raw bytes; nothing more is read from here on. */
  record Unread(RawRequest head) {}

  /** Of a stranger's, who has a certificate request to send at the most. */
  static final int MAX_STRANGERS_BODY = 64 << 10;

  private final @Nullable Malformed refusal;
  private final @Nullable RequestDeadline deadline;
  private final BooleanSupplier stranger;
  private final BiPredicate<String, String> unread;
  private @Nullable HttpRequest head;
  private ByteArrayOutputStream body = new ByteArrayOutputStream(0);
  private boolean rejected;

  /**
   * @param refusal what every request of this connection becomes, or null to read them
   * @param deadline to be told how far a request is, or null
   * @param stranger whether the peer has one request, and a short one
   * @param unread by method and target: whether the body is somebody else's to read
   */
  RequestReader(
      @Nullable Malformed refusal,
      @Nullable RequestDeadline deadline,
      BooleanSupplier stranger,
      BiPredicate<String, String> unread) {
    this.unread = unread;
    this.refusal = refusal;
    this.deadline = deadline;
    this.stranger = stranger;
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
    if (deadline != null) {
      deadline.headRead();
    }
    if (unread.test(request.method().name(), request.uri())) {
      rejected = true;
      context.fireChannelRead(new Unread(raw(request, new byte[0], false)));
      return;
    }
    if (HttpUtil.getContentLength(request, 0L) > mostBody()) {
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
    if (body.size() + content.content().readableBytes() > mostBody()) {
      rejectTooLarge(context);
      return;
    }
    content.content().readBytes(body, content.content().readableBytes());
    if (content instanceof LastHttpContent) {
      head = null;
      if (deadline != null) {
        deadline.requestRead();
      }
      context.fireChannelRead(
          raw(
              request,
              body.toByteArray(),
              HttpUtil.isKeepAlive(request) && !stranger.getAsBoolean()));
    }
  }

  private static RawRequest raw(HttpRequest request, byte[] body, boolean keepAlive) {
    return new RawRequest(
        request.method().name(),
        request.uri(),
        request.headers(),
        body,
        keepAlive,
        request.protocolVersion().compareTo(HttpVersion.HTTP_1_1) >= 0);
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
    int most = mostBody();
    reject(
        context,
        new Malformed(
            413,
            "the request's body is larger than "
                + (most >= 1 << 20 ? (most >> 20) + " MiB" : (most >> 10) + " KiB")));
  }

  private int mostBody() {
    return stranger.getAsBoolean() ? MAX_STRANGERS_BODY : MAX_BODY;
  }

  private void reject(ChannelHandlerContext context, Malformed malformed) {
    rejected = true;
    head = null;
    body = new ByteArrayOutputStream(0);
    context.fireChannelRead(malformed);
  }
}
