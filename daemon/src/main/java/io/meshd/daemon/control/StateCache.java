package io.meshd.daemon.control;

import io.meshd.daemon.disk.DataKeys;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.RegistryAuth;
import io.meshd.daemon.state.RegistryAuths;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last state on disk, so that a node that restarts without a manager goes on with it. Written
 * at most once per second, whole and atomically; a change that is not written yet is only older
 * news after a crash.
 */
public final class StateCache implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StateCache.class);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final StateFiles files;
  private final @Nullable DataKeys keys;
  private final String nodeId;
  private @Nullable ClusterState unwritten;

  /** Whose rings of keys this has written last: they change twice a day, the state all the time. */
  private @Nullable ClusterRecord ringsOf;

  /** Credentials of registries that this has written last. */
  private @Nullable Map<String, RegistryAuth> auths;

  private boolean closed;
  private @Nullable Thread writer;

  /**
   * @param keys of this node's disk; null while they are locked, and nothing is written
   * @param nodeId this node's: of registries' credentials those of its own tasks are kept
   */
  public StateCache(StateFiles files, @Nullable DataKeys keys, String nodeId) {
    this.files = files;
    this.keys = keys;
    this.nodeId = nodeId;
  }

  /** The state on disk; the empty one when there is none or it cannot be read. */
  public ClusterState load() {
    try {
      return files.load(keys);
    } catch (IOException | RuntimeException e) {
      LOG.warn("The state in {} cannot be read: {}", files.state(), e.getMessage());
      return ClusterState.empty();
    }
  }

  /** To be on disk within about a second. */
  public synchronized void keep(ClusterState state) {
    unwritten = state;
    if (writer == null && !closed) {
      writer = Thread.ofVirtual().name("state-cache").start(this::run);
    }
    notifyAll();
  }

  private void run() {
    try {
      while (true) {
        ClusterState state;
        synchronized (this) {
          while (unwritten == null && !closed) {
            wait();
          }
          if (unwritten == null) {
            return;
          }
          state = unwritten;
          unwritten = null;
        }
        write(state);
        pause();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void pause() throws InterruptedException {
    long end = System.nanoTime() + PAUSE.toNanos();
    for (long left = PAUSE.toMillis(); left > 0 && !closed; ) {
      wait(left);
      left = (end - System.nanoTime()) / 1_000_000;
    }
  }

  private void write(ClusterState state) {
    if (keys == null) {
      return;
    }
    // While a node changes its role there are two for a moment.
    try {
      synchronized (StateCache.class) {
        ClusterRecord cluster = state.cluster();
        if (cluster != null && (ringsOf == null || !cluster.hasKeysOf(ringsOf))) {
          files.keepKeys(cluster, keys);
          ringsOf = cluster;
        }
        Map<String, RegistryAuth> own = RegistryAuths.ofTasks(state, nodeId);
        if (!own.equals(auths)) {
          files.keepAuths(own, keys);
          auths = own;
        }
        files.keep(state);
      }
    } catch (IOException e) {
      LOG.warn("The state could not be written to {}: {}", files.state(), e.getMessage());
    }
  }

  /** Writes what is not written yet. */
  @Override
  public void close() {
    Thread running;
    synchronized (this) {
      closed = true;
      running = writer;
      notifyAll();
    }
    if (running != null) {
      try {
        running.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
