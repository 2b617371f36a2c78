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
import java.net.NoRouteToHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes a whole API call on to a manager's :2377 and its answer back, streams (logs that follow)
 * included. A change that may have reached a manager is not sent to another one; while none leads,
 * a new leader is waited for.
 */
public final class LeaderForwarder {
  private static final Logger LOG = LoggerFactory.getLogger(LeaderForwarder.class);

  /** A forwarded call is not forwarded again. */
  static final String FORWARDED = "X-Meshd-Forwarded";

  /** Docker's: credentials of a registry. */
  public static final String REGISTRY_AUTH = "X-Registry-Auth";

  /**
   * 421 Misdirected Request: this manager does not lead and has done nothing; ask another (RFC 9110
   * section 15.5.20).
   */
  public static final int NOT_LEADER = 421;

  /** Whoever forwards says who asks, where that one has no certificate. */
  static final String SEEN = "X-Meshd-Seen";

  /** How long a new leader is waited for, longer than an election takes. */
  private static final Duration ELECTION = Duration.ofSeconds(5);

  private static final Duration LOOK = Duration.ofSeconds(2);
  private static final Duration PAUSE = Duration.ofMillis(100);

  /** Until the answer begins; longer than a proposal may take. */
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** So long after another leads, one that led has answered what it could. */
  private static final long LATE_NANOS = Duration.ofSeconds(1).toNanos();

  private final Supplier<List<String>> managers;
  private final Supplier<@Nullable String> leader;
  private final ClusterClient client;

  /**
   * @param managers control addresses host:port, who is believed to lead first
   * @param leader the control address of who leads, or null where that is not known
   */
  public LeaderForwarder(
      Supplier<List<String>> managers, Supplier<@Nullable String> leader, ClusterClient client) {
    this.managers = managers;
    this.leader = leader;
    this.client = client;
  }

  /**
   * Answers the exchange.
   *
   * @throws ApiException 503 in Swarm's words when no manager answers
   */
  public void forward(Exchange exchange) throws InterruptedException {
    if (exchange.header(FORWARDED) != null) {
      throw new ApiException(NOT_LEADER, RaftProposer.NO_LEADER);
    }
    Map<String, String> headers = new HashMap<>();
    headers.put(FORWARDED, "1");
    String registry = exchange.header(REGISTRY_AUTH);
    if (registry != null) {
      headers.put(REGISTRY_AUTH, registry);
    }
    String contentType = exchange.header("Content-Type");
    if (contentType != null) {
      headers.put("Content-Type", contentType);
    }
    switch (exchange.peer()) {
      case Peer.Local local -> headers.put(Asker.USER_HEADER, Integer.toString(local.uid()));
      case Peer.Remote remote -> headers.put(SEEN, remote.address());
    }
    long end = System.nanoTime() + ELECTION.toNanos();
    while (!tryEach(exchange, headers)) {
      if (System.nanoTime() > end) {
        throw new ApiException(503, RaftProposer.NO_LEADER);
      }
      Thread.sleep(PAUSE);
    }
  }

  /** False when nobody has begun anything with the call. */
  private boolean tryEach(Exchange exchange, Map<String, String> headers)
      throws InterruptedException {
    for (String manager : managers.get()) {
      try {
        if (!exchange.method().equals("GET") && !leads(manager)) {
          continue;
        }
        HttpResponse<InputStream> answer =
            client.sendWhile(
                untilAnotherLeads(manager),
                manager,
                exchange.method(),
                target(exchange),
                headers,
                exchange.body(),
                LIMIT);
        if (answer.statusCode() == NOT_LEADER) {
          quietly(answer.body());
          continue;
        }
        copy(answer, exchange);
        return true;
      } catch (ConnectException | HttpConnectTimeoutException | NoRouteToHostException e) {
        LOG.debug("manager {}: {}", manager, ErrorText.of(e));
      } catch (IOException e) {
        LOG.info("a call forwarded to manager {} has no answer: {}", manager, ErrorText.of(e));
        if (exchange.method().equals("GET") || exchange.method().equals("HEAD")) {
          continue;
        }
        throw new ApiException(503, RaftProposer.NO_LEADER);
      }
    }
    return false;
  }

  /** A leader that nobody is heard by may not answer for as long as its own limit is. */
  private BooleanSupplier untilAnotherLeads(String asked) {
    return new BooleanSupplier() {
      private long another;

      @Override
      public boolean getAsBoolean() {
        String now = leader.get();
        if (now == null || now.equals(asked)) {
          another = 0;
          return true;
        }
        long time = System.nanoTime();
        another = another == 0 ? time : another;
        return time - another < LATE_NANOS;
      }
    };
  }

  /**
   * Asked right before a change is sent: a connection from before may be one to a daemon that is
   * dead, and of a change that is lost on it nobody would know whether it was made.
   */
  private boolean leads(String manager) throws InterruptedException {
    try {
      HttpResponse<InputStream> answer =
          client.send(manager, "GET", AgentMessages.LEADER, Map.of(), new byte[0], LOOK);
      quietly(answer.body());
      return answer.statusCode() == 200;
    } catch (IOException e) {
      LOG.debug("manager {}: {}", manager, ErrorText.of(e));
      return false;
    }
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
