package io.meshd.daemon.control;

import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.NodeRecord.NodeState;
import io.meshd.daemon.state.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The leader's judgement of who is there.
 *
 * <pre>
 *   it said that it leaves             -> DOWN, for good
 *   its daemon said that it ends       -> DISCONNECTED, for the grace, then DOWN
 *   gossip says that it lives          -> READY
 *   gossip says that it is dead        -> DOWN
 *
 * and where gossip has no word on it yet, or only a suspicion, by its calls:
 *   it called within the grace         -> READY
 *   silent for longer than the grace   -> DOWN
 *   no call since this started,
 *   and the grace has not passed       -> as it was
 * </pre>
 *
 * So a node whose silence both notice is down sooner than gossip alone would say so, and lost
 * packets or slow calls alone take nobody away. Every call of a node counts; a node calls at least
 * once per second ({@link Heartbeat}). The leader itself is READY. Where this process stood still
 * (a suspended machine), the grace begins anew for everybody: it was the leader that was away.
 */
public final class NodeLiveness implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NodeLiveness.class);

  /** What gossip has to say of a node. */
  public enum Word {
    /** Nothing: it was never heard of. */
    NONE,
    ALIVE,
    SUSPECT,
    DEAD
  }

  private final String self;
  private final Supplier<@Nullable Proposer> proposer;
  private final long graceNanos;
  private final long tickMillis;
  private final Map<String, Long> heard = new ConcurrentHashMap<>();
  private final Set<String> departed = ConcurrentHashMap.newKeySet();
  private final Map<String, Long> paused = new ConcurrentHashMap<>();
  private volatile Function<String, Word> gossip = id -> Word.NONE;
  private long since;
  private long lastLook;
  private boolean led;
  private boolean woken;
  private boolean closed;

  /**
   * @param self node ID
   * @param proposer null while this node does not lead
   * @param grace silence after which a node is down, 3 s
   */
  public NodeLiveness(String self, Supplier<@Nullable Proposer> proposer, Duration grace) {
    this.self = self;
    this.proposer = proposer;
    this.graceNanos = grace.toNanos();
    this.tickMillis = Math.max(10, grace.toMillis() / 6);
  }

  /**
   * From now on nodes are judged by what gossip hears of them.
   *
   * @param word by node ID
   */
  public void trust(Function<String, Word> word) {
    gossip = word;
  }

  public void start() {
    Thread.ofVirtual().name("node-liveness").start(this::run);
  }

  /** The node has called. */
  void heard(String nodeId) {
    heard.put(nodeId, System.nanoTime());
    Proposer leading = proposer.get();
    NodeRecord node = leading == null ? null : leading.state().nodes().get(nodeId);
    if (node != null && node.status() != NodeState.READY) {
      wake();
    }
  }

  /**
   * The node says that it leaves: it is down now, not after the grace, and stays so: its last
   * reports may come after this, and its ID never comes back.
   */
  void left(String nodeId) {
    departed.add(nodeId);
    wake();
  }

  /**
   * The node's daemon ends, and what runs there does not: it keeps the connections that it has and
   * gets no new ones.
   */
  void paused(String nodeId) {
    paused.put(nodeId, System.nanoTime());
    wake();
  }

  /** A daemon of the node has begun to watch. */
  void returned(String nodeId) {
    paused.remove(nodeId);
    heard(nodeId);
  }

  private synchronized void wake() {
    woken = true;
    notifyAll();
  }

  private void run() {
    try {
      while (nextTick()) {
        Proposer leading = proposer.get();
        if (leading == null) {
          led = false;
        } else {
          look(leading, System.nanoTime());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @SuppressWarnings("WaitNotInLoop") // being woken early only looks early
  private synchronized boolean nextTick() throws InterruptedException {
    if (!woken && !closed) {
      wait(tickMillis);
    }
    woken = false;
    return !closed;
  }

  private void look(Proposer leading, long now) {
    boolean stoodStill = now - lastLook > Math.max(graceNanos / 2, 5 * tickMillis * 1_000_000);
    if (!led || stoodStill) {
      since = now;
    }
    led = true;
    lastLook = now;
    ClusterState state = leading.state();
    heard.keySet().retainAll(state.nodes().keySet());
    departed.retainAll(state.nodes().keySet());
    paused.keySet().retainAll(state.nodes().keySet());
    for (NodeRecord node : state.nodes().values()) {
      NodeState judged = judge(node, now);
      if (judged != node.status()) {
        Outcome outcome =
            leading.propose(
                new Command.SetNodeStatus(
                    Instant.now().toString(),
                    node.id(),
                    judged,
                    judged == NodeState.DOWN ? "heartbeat failure" : null));
        LOG.info("node {} is {}: {}", node.hostname(), judged, outcome);
      }
    }
  }

  private NodeState judge(NodeRecord node, long now) {
    if (node.id().equals(self)) {
      return NodeState.READY;
    }
    Long end = paused.get(node.id());
    if (end != null && now - end <= graceNanos && !departed.contains(node.id())) {
      return NodeState.DISCONNECTED;
    }
    Word word = gossip.apply(node.id());
    if (word == Word.DEAD) {
      return NodeState.DOWN;
    }
    if (word == Word.ALIVE && end == null && !departed.contains(node.id())) {
      return NodeState.READY;
    }
    Long last = heard.get(node.id());
    if (last != null && now - last <= graceNanos && !departed.contains(node.id())) {
      return NodeState.READY;
    }
    long silentSince = last == null ? since : Math.max(since, last);
    return departed.contains(node.id()) || now - silentSince > graceNanos
        ? NodeState.DOWN
        : node.status();
  }

  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
  }
}
