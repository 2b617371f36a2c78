package io.meshd.daemon.control;

import io.meshd.daemon.audit.Asker;
import io.meshd.daemon.command.RaftProposer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Peer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes a whole API call on to a manager's :2377 and its answer back, streams (logs that follow)
 * included. A call that may have reached a manager is not sent to another one.
 */
public final class LeaderForwarder {
  private static final Logger LOG = LoggerFactory.getLogger(LeaderForwarder.class);

  /** A forwarded call is not forwarded again. */
  static final String FORWARDED = "X-Meshd-Forwarded";

  /** Until the answer begins; longer than a proposal may take. */
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final ManagerAddresses managers;
  private final ClusterClient client;

  public LeaderForwarder(ManagerAddresses managers, ClusterClient client) {
    this.managers = managers;
    this.client = client;
  }

  /**
   * Answers the exchange.
   *
   * @throws ApiException 503 in Swarm's words when no manager answers
   */
  public void forward(Exchange exchange) throws InterruptedException {
    if (exchange.header(FORWARDED) != null) {
      throw new ApiException(503, RaftProposer.NO_LEADER);
    }
    Map<String, String> headers = new HashMap<>();
    headers.put(FORWARDED, "1");
    String contentType = exchange.header("Content-Type");
    if (contentType != null) {
      headers.put("Content-Type", contentType);
    }
    if (exchange.peer() instanceof Peer.Local local) {
      headers.put(Asker.USER_HEADER, Integer.toString(local.uid()));
    }
    for (String manager : managers.list()) {
      try {
        copy(
            client.send(
                manager, exchange.method(), target(exchange), headers, exchange.body(), LIMIT),
            exchange);
        managers.prefer(manager);
        return;
      } catch (ConnectException e) {
        LOG.debug("manager {}: {}", manager, ErrorText.of(e));
      } catch (IOException e) {
        LOG.info("a call forwarded to manager {} has no answer: {}", manager, ErrorText.of(e));
        break;
      }
    }
    throw new ApiException(503, RaftProposer.NO_LEADER);
  }

  private static String target(Exchange exchange) {
    String version = exchange.apiVersion() == null ? "" : "/v" + exchange.apiVersion();
    String query = exchange.rawQuery().isEmpty() ? "" : "?" + exchange.rawQuery();
    return version + exchange.path() + query;
  }

  private static void copy(HttpResponse<InputStream> answer, Exchange exchange) throws IOException {
    String contentType = answer.headers().firstValue("Content-Type").orElse("application/json");
    boolean streamed =
        answer.headers().firstValue("Transfer-Encoding").orElse("").equalsIgnoreCase("chunked");
    try (InputStream body = answer.body()) {
      if (streamed) {
        stream(body, answer.statusCode(), contentType, exchange);
        return;
      }
      byte[] content = body.readAllBytes();
      if (content.length == 0) {
        exchange.respond(answer.statusCode(), null);
      } else {
        exchange.respondRaw(answer.statusCode(), contentType, content);
      }
    }
  }

  /** From here on the answer has begun: a failure can only end it. */
  private static void stream(InputStream body, int status, String contentType, Exchange exchange) {
    exchange.onGone(() -> quietly(body));
    try (OutputStream out = exchange.stream(status, contentType)) {
      body.transferTo(out);
    } catch (IOException e) {
      LOG.debug("a forwarded stream has ended: {}", e.getMessage());
    }
  }

  private static void quietly(InputStream body) {
    try {
      body.close();
    } catch (IOException e) {
      LOG.debug("while closing a forwarded stream", e);
    }
  }
}
