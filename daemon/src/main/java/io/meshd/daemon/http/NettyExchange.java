package io.meshd.daemon.http;

import io.meshd.api.Json;
import io.meshd.api.Swarm;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.timeout.IdleStateHandler;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** An exchange on a {@link Connection}; used by one virtual thread, told of the peer's end. */
final class NettyExchange implements Exchange {

  private final Connection connection;
  private final Channel channel;
  private final RawRequest request;
  private final Map<String, String> headers = new HashMap<>();
  private final AtomicBoolean answered = new AtomicBoolean();
  private final AtomicBoolean gone = new AtomicBoolean();
  private final AtomicReference<@Nullable Runnable> onGone = new AtomicReference<>();
  private volatile @Nullable ChunkedOutput streaming;
  private volatile boolean upgraded;
  private volatile @Nullable RawStreams rest;
  private String path = "";
  private String rawQuery = "";
  private @Nullable String version;
  private @Nullable Query query;
  private Map<String, String> params = Map.of();
  private @Nullable Peer peer;

  NettyExchange(Connection connection, Channel channel, RawRequest request) {
    this.connection = connection;
    this.channel = channel;
    this.request = request;
    int question = request.target().indexOf('?');
    path = question < 0 ? request.target() : request.target().substring(0, question);
    rawQuery = question < 0 ? "" : request.target().substring(question + 1);
  }

  Channel channel() {
    return channel;
  }

  /** Takes the version off and checks it; answers the path. */
  String route(ApiVersions versions, Peer from) {
    peer = from;
    ApiVersions.Target target = versions.split(path);
    path = target.path();
    version = target.version();
    return path;
  }

  void setParams(Map<String, String> values) {
    params = values;
  }

  @Override
  public String method() {
    return request.method();
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  public String rawQuery() {
    return rawQuery;
  }

  @Override
  public @Nullable String apiVersion() {
    return version;
  }

  @Override
  public String param(String name) {
    String value = params.get(name);
    if (value == null) {
      throw new IllegalArgumentException("the route has no parameter " + name);
    }
    return value;
  }

  @Override
  public @Nullable String query(String name) {
    return parsedQuery().get(name);
  }

  @Override
  public boolean flag(String name) {
    return parsedQuery().flag(name);
  }

  private Query parsedQuery() {
    Query parsed = query;
    if (parsed == null) {
      parsed = Query.parse(rawQuery);
      query = parsed;
    }
    return parsed;
  }

  @Override
  public @Nullable String header(String name) {
    return request.headers().get(name);
  }

  @Override
  public List<Map.Entry<String, String>> headers() {
    return request.headers().entries();
  }

  @Override
  public boolean unread() {
    return rest != null;
  }

  @Override
  public byte[] body() {
    return request.body().clone();
  }

  @Override
  public <T> T json(Class<T> type) {
    return JsonBody.read(request.body(), type);
  }

  @Override
  public Peer peer() {
    if (peer == null) {
      throw new IllegalStateException("the peer is not known yet");
    }
    return peer;
  }

  @Override
  public void setHeader(String name, String value) {
    headers.put(name, value);
  }

  @Override
  public void onGone(Runnable action) {
    onGone.set(action);
    if (gone.get()) {
      runOnGone();
    }
  }

  private void runOnGone() {
    Runnable action = onGone.getAndSet(null);
    if (action != null) {
      action.run();
    }
  }

  /** The peer has closed the connection. Event loop. */
  void gone() {
    gone.set(true);
    if (streaming != null) {
      streaming.gone();
    }
    runOnGone();
  }

  /** The peer has ended its side: it wants no stream any more. Event loop. */
  void inputEnded() {
    if (streaming != null) {
      gone();
    }
  }

  @Override
  public void respond(int status, @Nullable Object json) {
    if (json == null) {
      write(status, null, new byte[0]);
    } else {
      // Docker's encoder ends every document with a newline.
      byte[] document = Json.bytes(json);
      byte[] line = java.util.Arrays.copyOf(document, document.length + 1);
      line[document.length] = '\n';
      write(status, "application/json", line);
    }
  }

  @Override
  public void respondRaw(int status, String contentType, byte[] body) {
    write(status, contentType, body);
  }

  private void write(int status, @Nullable String contentType, byte[] body) {
    begin();
    if (!channel.isActive()) {
      return;
    }
    RawStreams raw = rest;
    if (raw != null) {
      raw.refuse(head(status, contentType, body), body);
      return;
    }
    var response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), Unpooled.wrappedBuffer(body));
    common(response.headers(), contentType);
    if (status != 204 && status != 304) {
      response.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.length);
    }
    if (!request.keepAlive()) {
      response.headers().set(HttpHeaderNames.CONNECTION, "close");
    }
    connection.finish(this, response, request.keepAlive());
  }

  /** Without HTTP's codec, which is gone by now. */
  private byte[] head(int status, @Nullable String contentType, byte[] body) {
    HttpHeaders target = new DefaultHttpHeaders();
    common(target, contentType);
    target.set(HttpHeaderNames.CONTENT_LENGTH, body.length);
    target.set(HttpHeaderNames.CONNECTION, "close");
    StringBuilder head = new StringBuilder("HTTP/1.1 ");
    head.append(HttpResponseStatus.valueOf(status)).append("\r\n");
    for (Map.Entry<String, String> field : target.entries()) {
      head.append(field.getKey()).append(": ").append(field.getValue()).append("\r\n");
    }
    return head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  @Override
  public OutputStream stream(int status, String contentType) {
    begin();
    var response =
        new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status));
    common(response.headers(), contentType);
    boolean keep = request.keepAlive() && request.chunks();
    if (request.chunks()) {
      response.headers().set(HttpHeaderNames.TRANSFER_ENCODING, "chunked");
    }
    if (!keep) {
      response.headers().set(HttpHeaderNames.CONNECTION, "close");
    }
    ChunkedOutput out =
        new ChunkedOutput(
            connection.gate(),
            () -> connection.finish(this, LastHttpContent.EMPTY_LAST_CONTENT, keep));
    streaming = out;
    if (gone.get()) {
      out.gone();
    }
    connection.gate().send(response);
    return out;
  }

  @Override
  public Upgraded upgrade(String contentType) {
    begin();
    upgraded = true;
    boolean asked = request.wantsUpgrade();
    var response =
        new DefaultHttpResponse(
            HttpVersion.HTTP_1_1,
            asked ? new HttpResponseStatus(101, "UPGRADED") : HttpResponseStatus.OK);
    common(response.headers(), contentType);
    if (asked) {
      response.headers().set(HttpHeaderNames.CONNECTION, "Upgrade");
      response.headers().set(HttpHeaderNames.UPGRADE, "tcp");
    }
    RawStreams raw = raw(response);
    return new Upgraded(raw.input(), raw.output());
  }

  @Override
  public Taken takeOver() {
    begin();
    upgraded = true;
    RawStreams raw = rest;
    if (raw == null) {
      raw = raw(null);
    }
    return new Taken(raw.input(), raw.output(), raw::endOutput);
  }

  private RawStreams raw(@Nullable DefaultHttpResponse response) {
    RawStreams raw = new RawStreams(channel, connection.gate(), this::gone);
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    channel.eventLoop().execute(() -> swapPipeline(response, raw, done));
    try {
      done.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof ApiException cause ? cause : e;
    }
    return raw;
  }

  private void swapPipeline(
      @Nullable DefaultHttpResponse response,
      RawStreams raw,
      CompletableFuture<@Nullable Void> done) {
    if (!channel.isActive() || connection.hasQueued()) {
      done.completeExceptionally(
          new ApiException(400, "nothing may be sent before the answer to an upgrade"));
      connection.gate().end();
      return;
    }
    if (response != null) {
      connection.gate().send(response);
    }
    leaveHttp(raw);
    done.complete(null);
  }

  /** The body of an unread request, and all that follows it, is for the handler. Event loop. */
  void takeRest() {
    RawStreams raw = new RawStreams(channel, connection.gate(), this::gone);
    rest = raw;
    leaveHttp(raw);
  }

  private void leaveHttp(RawStreams raw) {
    ChannelPipeline pipeline = channel.pipeline();
    pipeline.addLast(raw);
    pipeline.remove(IdleStateHandler.class);
    if (pipeline.get(RequestDeadline.class) != null) {
      pipeline.remove(RequestDeadline.class);
    }
    pipeline.remove(connection);
    pipeline.remove(RequestReader.class);
    pipeline.remove(HttpServerCodec.class);
  }

  /** The handler returned: what it left open is ended. */
  void handlerDone() {
    ChunkedOutput out = streaming;
    if (out != null) {
      out.close();
    } else if (upgraded) {
      closeAfterWrites();
    } else if (!answered.get()) {
      throw new IllegalStateException("the handler gave no answer");
    }
  }

  /** The handler failed: an answer when none has begun, else the connection's end. */
  void fail(int status, String message) {
    if (!answered.get()) {
      write(status, "application/json", errorJson(message));
    } else if (streaming != null) {
      // Without a last chunk: the peer sees that the answer is not whole.
      connection.gate().end();
    } else if (upgraded) {
      closeAfterWrites();
    }
  }

  private void closeAfterWrites() {
    connection.gate().end();
  }

  /** Docker's error body. */
  static byte[] errorJson(String message) {
    byte[] document = Json.bytes(new Swarm.ErrorResponse(message));
    byte[] line = java.util.Arrays.copyOf(document, document.length + 1);
    line[document.length] = '\n';
    return line;
  }

  private void begin() {
    if (!answered.compareAndSet(false, true)) {
      throw new IllegalStateException("answered already");
    }
  }

  private void common(HttpHeaders target, @Nullable String contentType) {
    connection.settings().headers().forEach(target::set);
    if (contentType != null) {
      target.set(HttpHeaderNames.CONTENT_TYPE, contentType);
    }
    headers.forEach(target::set);
  }
}
