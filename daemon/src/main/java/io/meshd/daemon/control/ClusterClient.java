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
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;

/** HTTP to other nodes' :2377. Calls block; use virtual threads. */
public final class ClusterClient implements AutoCloseable {
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(2);

  private final HttpClient http;

  ClusterClient(SSLContext context) {
    this.http =
        HttpClient.newBuilder()
            .sslContext(context)
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_LIMIT)
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .build();
  }

  /** Talks to managers of the node's cluster only. */
  public static ClusterClient ofManagers(NodeCredentials credentials) {
    return new ClusterClient(TlsContexts.clientOfManagers(credentials));
  }

  /** Talks to any node of the cluster. */
  public static ClusterClient ofNodes(NodeCredentials credentials) {
    return new ClusterClient(TlsContexts.clientOfNodes(credentials));
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
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(address, target))
            .timeout(limit)
            .method(
                method,
                body.length == 0
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(body));
    headers.forEach(request::setHeader);
    return http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
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
  public void close() {
    http.shutdownNow();
  }
}
