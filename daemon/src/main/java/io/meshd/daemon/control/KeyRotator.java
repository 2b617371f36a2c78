package io.meshd.daemon.control;

import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.KeyRotation;
import io.meshd.daemon.state.KeyRotation.Step;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.NodeRecord.NodeState;
import io.meshd.daemon.state.Outcome;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leads the rotation of gossip and data keys from step to step ({@link KeyRotation}), and begins
 * one every 12 hours. Where it stands is in the state, so that another leader goes on with it.
 *
 * <p>A step is done when every node that can be reached says that it holds the rings as they are. A
 * node that is down learns them with the state when it is back. One that is there and does not say
 * so is waited for, because it would lose packets; not for ever: ten minutes, or half a minute when
 * the keys of a removed node are to go.
 */
public final class KeyRotator implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(KeyRotator.class);

  /** As Swarm. */
  static final Duration INTERVAL = Duration.ofHours(12);

  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final Duration PATIENCE_AFTER_REMOVAL = Duration.ofSeconds(30);

  /** What was sent under the old keys arrives in this time. */
  private static final Duration IN_FLIGHT = Duration.ofSeconds(2);

  private static final long TICK_MILLIS = 200;
  private static final int KEY_BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Supplier<@Nullable Proposer> proposer;
  private final InstantSource clock;
  private final Thread thread;
  private volatile Function<String, Standing> nodes = id -> Standing.UNKNOWN;

  // The thread's own: the step that is waited in, and since when by a clock that does not jump.
  private @Nullable KeyRotation step;
  private long since;

  /**
   * A node as gossip has it.
   *
   * @param alive whether it is heard of
   * @param rings as {@link ClusterRecord#ringsDigest}, what it says that it holds
   */
  public record Standing(boolean alive, @Nullable String rings) {
    static final Standing UNKNOWN = new Standing(false, null);
  }

  /**
   * @param proposer null while this node does not lead
   */
  public KeyRotator(Supplier<@Nullable Proposer> proposer, InstantSource clock) {
    this.proposer = proposer;
    this.clock = clock;
    this.thread = Thread.ofVirtual().name("key-rotation").unstarted(this::run);
  }

  /**
   * @param standing of every node by its ID, this one too
   */
  public void ask(Function<String, Standing> standing) {
    nodes = standing;
  }

  public void start() {
    thread.start();
  }

  /** For AES-256, base64. */
  static String newKey() {
    byte[] key = new byte[KEY_BYTES];
    RANDOM.nextBytes(key);
    return Base64.getEncoder().encodeToString(key);
  }

  private void run() {
    try {
      for (; ; ) {
        Proposer leading = proposer.get();
        if (leading == null) {
          step = null;
        } else {
          lookSafely(leading);
        }
        Thread.sleep(TICK_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private void lookSafely(Proposer leading) {
    try {
      look(leading);
    } catch (RuntimeException e) {
      LOG.error("key rotation failed, and is tried again", e);
    }
  }

  private void look(Proposer leading) {
    ClusterState state = leading.state();
    ClusterRecord cluster = state.cluster();
    if (cluster == null) {
      return;
    }
    KeyRotation rotation = cluster.keyRotation();
    if (cluster.gossipKeys().isEmpty() || cluster.dataKeys().isEmpty()) {
      advance(leading, cluster, true);
    } else if (rotation == null) {
      step = null;
      if (isDue(cluster)) {
        Outcome outcome =
            leading.propose(new Command.RequestKeyRotation(clock.instant().toString()));
        LOG.info("gossip and data keys are to be rotated: {}", outcome);
      }
    } else if (rotation.step() == Step.WANTED) {
      advance(leading, cluster, true);
    } else if (isDone(rotation, state, cluster)) {
      advance(leading, cluster, false);
    }
  }

  private boolean isDue(ClusterRecord cluster) {
    String last = cluster.keysRotatedAt();
    Instant at = Instant.parse(last == null ? cluster.createdAt() : last);
    // Either way: a clock that was hours ahead is not to keep the keys for as long.
    return Duration.between(at, clock.instant()).abs().compareTo(INTERVAL) >= 0;
  }

  private boolean isDone(KeyRotation rotation, ClusterState state, ClusterRecord cluster) {
    long now = System.nanoTime();
    if (step == null || step.step() != rotation.step() || !step.since().equals(rotation.since())) {
      since = now;
    }
    step = rotation;
    Duration waited = Duration.ofNanos(now - since);
    if (rotation.step() == Step.SENDING && waited.compareTo(IN_FLIGHT) < 0) {
      return false;
    }
    List<String> missing = missing(state, cluster.ringsDigest());
    if (missing.isEmpty()) {
      return true;
    }
    Duration patience = rotation.forget() ? PATIENCE_AFTER_REMOVAL : PATIENCE;
    if (waited.compareTo(patience) < 0) {
      return false;
    }
    LOG.warn(
        "new keys are {} though {} did not say for {} s that they hold them",
        rotation.step() == Step.READABLE ? "sent with" : "all that is left",
        missing,
        waited.toSeconds());
    return true;
  }

  /** Host names of the nodes that can be reached and hold other rings, or say nothing. */
  private List<String> missing(ClusterState state, String rings) {
    return state.nodes().values().stream()
        .filter(
            node -> {
              Standing standing = nodes.apply(node.id());
              boolean reachable = standing.alive() || node.status() == NodeState.READY;
              return reachable && !rings.equals(standing.rings());
            })
        .map(NodeRecord::hostname)
        .sorted()
        .toList();
  }

  private void advance(Proposer leading, ClusterRecord cluster, boolean withKeys) {
    Outcome outcome =
        leading.propose(
            new Command.AdvanceKeyRotation(
                clock.instant().toString(),
                cluster.keysVersion(),
                withKeys ? newKey() : null,
                withKeys ? newKey() : null));
    ClusterRecord now = leading.state().cluster();
    KeyRotation next = now == null ? null : now.keyRotation();
    LOG.info("key rotation: {} ({})", next == null ? "done" : next.step(), outcome);
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
