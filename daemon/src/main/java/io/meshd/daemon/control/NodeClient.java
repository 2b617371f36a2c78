package io.meshd.daemon.control;

import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.security.TlsContexts;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;

/** Reads streams (a task's logs) from other nodes' :2377. */
public final class NodeClient {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final ClusterClient client;

  /** {@code client}: {@link ClusterClient#ofNodes}. */
  public NodeClient(ClusterClient client) {
    this.client = client;
  }

  /**
   * The answer's body, to be closed by the caller; a follow blocks in its reads, and another thread
   * may close it.
   *
   * @param nodeId who must answer there
   * @param address host:port of its :2377
   * @param target path and query
   * @throws ApiException what the node refused with
   * @throws IOException in words when it cannot be reached or is another node
   */
  public InputStream open(String nodeId, String address, String target)
      throws IOException, InterruptedException {
    HttpResponse<InputStream> answer;
    try {
      answer = client.send(address, "GET", target, Map.of(), new byte[0], LIMIT);
    } catch (IOException e) {
      throw new IOException("node " + nodeId + " does not answer: " + ErrorText.of(e));
    }
    String id = answer.sslSession().map(TlsContexts::peerId).orElse(null);
    if (!nodeId.equals(id)) {
      answer.body().close();
      throw new IOException("at " + address + " is node " + id + " instead of " + nodeId);
    }
    if (answer.statusCode() != 200) {
      throw new ApiException(answer.statusCode(), ErrorText.of(answer));
    }
    return answer.body();
  }
}
