package io.meshd.daemon.control;

import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.StateDelta;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The manager's side of watches: what a node lacks, then every change, then a beat per second.
 *
 * <p>A first change goes out at once. Under load, changes of {@link #COALESCE} go in one delta, and
 * a node that reads slowly gets one delta over all that happened meanwhile.
 */
final class WatchStreams {
  private static final Logger LOG = LoggerFactory.getLogger(WatchStreams.class);
  private static final Duration BEAT = Duration.ofSeconds(1);
  private static final Duration COALESCE = Duration.ofMillis(20);

  private final StateFeed feed;
  private final NodeLiveness liveness;

  WatchStreams(StateFeed feed, NodeLiveness liveness) {
    this.feed = feed;
    this.liveness = liveness;
  }

  /** Until the node goes away, or is removed from the cluster. */
  void serve(Exchange exchange, String nodeId) {
    long since = since(exchange);
    ClusterState base = since == 0 ? null : feed.at(since);
    liveness.returned(nodeId);
    try (OutputStream out = exchange.stream(200, "application/x-ndjson")) {
      ClusterState sent = feed.current();
      out.write(first(base, sent).encode());
      while (sent.nodes().containsKey(nodeId)) {
        ClusterState now = feed.awaitOtherThan(sent.version(), BEAT);
        if (now.version() == sent.version()) {
          out.write(new WatchLine.Beat(sent.version()).encode());
        } else {
          out.write(new WatchLine.Delta(StateDelta.between(sent, now)).encode());
          sent = now;
          Thread.sleep(COALESCE);
        }
      }
    } catch (IOException e) {
      LOG.debug("the watch of node {} has ended: {}", nodeId, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whoever has read one line has the newest state: a starting node goes on with nothing older. */
  private static WatchLine first(@Nullable ClusterState base, ClusterState now) {
    if (base == null) {
      return new WatchLine.Full(now);
    }
    return base.version() == now.version()
        ? new WatchLine.Beat(now.version())
        : new WatchLine.Delta(StateDelta.between(base, now));
  }

  private static long since(Exchange exchange) {
    String text = exchange.query("since");
    try {
      return text == null ? 0 : Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new ApiException(400, "invalid version: " + text);
    }
  }
}
