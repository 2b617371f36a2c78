package io.meshd.daemon.control;

import io.meshd.daemon.command.RaftProposer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.RegistryAuths;
import io.meshd.daemon.state.StateDelta;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.function.BooleanSupplier;
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

  /** Without a leader for so long this manager is cut off, and the node better asks another. */
  private static final Duration LOST = Duration.ofSeconds(3);

  private static final Duration COALESCE = Duration.ofMillis(20);

  private final StateFeed feed;
  private final NodeLiveness liveness;
  private final BooleanSupplier inTouch;

  /**
   * @param inTouch whether this manager hears of every change
   */
  WatchStreams(StateFeed feed, NodeLiveness liveness, BooleanSupplier inTouch) {
    this.inTouch = inTouch;
    this.feed = feed;
    this.liveness = liveness;
  }

  /** Until the node goes away or is removed from the cluster, or this manager loses the others. */
  void serve(Exchange exchange, String nodeId) {
    long since = since(exchange);
    if (!inTouch.getAsBoolean()) {
      throw new ApiException(503, RaftProposer.NO_LEADER);
    }
    ClusterState base = since == 0 ? null : feed.at(since);
    ClusterState sent = feed.current();
    if (!sent.nodes().containsKey(nodeId)) {
      throw new ApiException(403, "Permission denied: node " + nodeId + " was removed from swarm");
    }
    liveness.returned(nodeId);
    try (OutputStream out = exchange.stream(200, "application/x-ndjson")) {
      out.write(first(base, sent, nodeId).encode());
      long touched = System.nanoTime();
      while (sent.nodes().containsKey(nodeId) && System.nanoTime() - touched < LOST.toNanos()) {
        ClusterState now = feed.awaitOtherThan(sent.version(), BEAT);
        if (inTouch.getAsBoolean()) {
          touched = System.nanoTime();
        }
        if (now.version() == sent.version()) {
          out.write(new WatchLine.Beat(sent.version()).encode());
        } else {
          // However late it reads: a removed node does not get the keys made because it went.
          ClusterState told = now.nodes().containsKey(nodeId) ? now : now.withKeysOf(sent);
          out.write(delta(sent, told, nodeId).encode());
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
  private static WatchLine first(@Nullable ClusterState base, ClusterState now, String nodeId) {
    if (base == null) {
      return new WatchLine.Full(RegistryAuths.forNode(now, nodeId));
    }
    return base.version() == now.version()
        ? new WatchLine.Beat(now.version())
        : delta(base, now, nodeId);
  }

  private static WatchLine delta(ClusterState from, ClusterState to, String nodeId) {
    return new WatchLine.Delta(RegistryAuths.forNode(StateDelta.between(from, to), nodeId));
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
