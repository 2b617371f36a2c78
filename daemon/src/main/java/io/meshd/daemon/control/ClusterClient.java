package io.meshd.daemon.control;

import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.TlsContexts;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * HTTP to other nodes' :2377. Calls block; use virtual threads.
 *
 * <p>A connection shows for good what the node had when it began, and is refused when that has
 * ended; so is one that resumes it (RFC 8446, 2.2). Calls that begin after a renewal take new
 * connections, and those resume none of before.
 */
public final class ClusterClient implements AutoCloseable {
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(2);
  private static final Duration LOOK = Duration.ofMillis(200);

  private final Supplier<SSLContext> contexts;
  private final Supplier<Object> shown;
  private Connections current;

  /** What calls were given before the last renewal: those end by themselves. */
  private @Nullable Connections before;

  private boolean closed;

  private record Connections(Object shown, HttpClient http) {}

  ClusterClient(SSLContext context) {
    this(() -> context, () -> context);
  }

  /** {@code shown}: what a connection that begins now shows. */
  private ClusterClient(Supplier<SSLContext> contexts, Supplier<Object> shown) {
    this.contexts = contexts;
    this.shown = shown;
    this.current = new Connections(shown.get(), open());
  }

  private HttpClient open() {
    return HttpClient.newBuilder()
        .sslContext(contexts.get())
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(CONNECT_LIMIT)
        .executor(Executors.newVirtualThreadPerTaskExecutor())
        .build();
  }

  /** Talks to managers of the node's cluster only. */
  public static ClusterClient ofManagers(NodeCredentials credentials) {
    return new ClusterClient(
        () -> TlsContexts.clientOfManagers(credentials), credentials::certificate);
  }

  /** Talks to any node of the cluster. */
  public static ClusterClient ofNodes(NodeCredentials credentials) {
    return new ClusterClient(
        () -> TlsContexts.clientOfNodes(credentials), credentials::certificate);
  }

  private synchronized HttpClient http() {
    Object now = shown.get();
    if (!closed && !now.equals(current.shown)) {
      if (before != null) {
        before.http.shutdown();
      }
      before = current;
      current = new Connections(now, open());
    }
    return current.http;
  }

  /**
   * @param address host:port
   * @param target path and query
   * @param limit until the answer's headers are there
   * @return the answer, whose body is to be closed
   */
  HttpResponse<InputStream> send(
      String address,
      String method,
      String target,
      Map<String, String> headers,
      byte[] body,
      Duration limit)
      throws IOException, InterruptedException {
    return http()
        .send(
            request(address, method, target, headers, body, limit),
            HttpResponse.BodyHandlers.ofInputStream());
  }

  /**
   * As {@link #send}, but given up when it makes no sense any more.
   *
   * @param worthWaiting asked while there is no answer
   * @throws IOException also when it was given up: what was asked for may have been done
   */
  HttpResponse<InputStream> sendWhile(
      BooleanSupplier worthWaiting,
      String address,
      String method,
      String target,
      Map<String, String> headers,
      byte[] body,
      Duration limit)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<InputStream>> answer =
        http()
            .sendAsync(
                request(address, method, target, headers, body, limit),
                HttpResponse.BodyHandlers.ofInputStream());
    try {
      while (worthWaiting.getAsBoolean()) {
        try {
          return answer.get(LOOK.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException _) {
          // nothing yet
        } catch (ExecutionException e) {
          throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
        }
      }
    } finally {
      answer.cancel(true);
    }
    throw new IOException("given up, as another manager leads now");
  }

  private static HttpRequest request(
      String address,
      String method,
      String target,
      Map<String, String> headers,
      byte[] body,
      Duration limit)
      throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(address, target))
            .timeout(limit)
            .method(
                method,
                body.length == 0
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(body));
    headers.forEach(request::setHeader);
    return request.build();
  }

  private static URI uri(String address, String target) throws IOException {
    try {
      return URI.create("https://" + address + target);
    } catch (IllegalArgumentException e) {
      throw new IOException("not an address: " + address);
    }
  }

  /** Ends what is under way. */
  @Override
  public synchronized void close() {
    closed = true;
    current.http.shutdownNow();
    if (before != null) {
      before.http.shutdownNow();
    }
  }
}
