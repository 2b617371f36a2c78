package io.meshd.daemon.control;

import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.StateListener;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker's view of the state: the one on disk at first, then what a manager streams.
 *
 * <p>States: connecting (to each known manager in turn, with {@link Backoff} after a round) ->
 * reading -> connecting. A connection that brings no line for {@link #SILENCE} (managers send one
 * each second) is given up. While there is no manager, the state stays as it is.
 */
public final class StateWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StateWatch.class);
  private static final Duration SILENCE = Duration.ofSeconds(4);
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(4);

  private final ManagerAddresses managers;
  private final ClusterClient client;
  private final StateCache cache;
  private final List<StateListener> listeners = new ArrayList<>();
  private final Backoff backoff = new Backoff();
  private volatile ClusterState state;
  private volatile boolean connected;
  private final AtomicInteger roundsInVain = new AtomicInteger();
  private volatile boolean nobodyListens;
  private volatile String refusal = "";
  private volatile long lastLine;
  private boolean wantFull;
  private @Nullable InputStream reading;
  private volatile boolean closed;
  private @Nullable Thread thread;

  /** Loads the state on disk; {@code cache} is closed with this. */
  public StateWatch(ManagerAddresses managers, ClusterClient client, StateCache cache) {
    this.managers = managers;
    this.client = client;
    this.cache = cache;
    this.state = cache.load();
  }

  /** Tells the newest state at once, on the calling thread, and every later one, in order. */
  public void subscribe(StateListener listener) {
    synchronized (listeners) {
      listeners.add(listener);
      listener.onState(state);
    }
  }

  public ClusterState state() {
    return state;
  }

  /** A manager's stream is open. */
  public boolean connected() {
    return connected;
  }

  /** How often every manager known was asked and none gave a state since the last one did. */
  public int roundsInVain() {
    return roundsInVain.get();
  }

  /** In the last round every manager's machine said that nobody listens on that port. */
  public boolean nobodyListens() {
    return nobodyListens;
  }

  /** Why managers refuse this node, in words (it was removed, for example), or empty. */
  public String refusal() {
    return refusal;
  }

  public synchronized void start() {
    thread = Thread.ofVirtual().name("state-watch").start(this::run);
  }

  private void run() {
    try {
      while (!closed) {
        boolean refused = true;
        for (String manager : managers.list()) {
          refused &= watch(manager) == End.NOBODY_LISTENS;
        }
        nobodyListens = refused;
        roundsInVain.incrementAndGet();
        Thread.sleep(backoff.next());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private enum End {
    NOBODY_LISTENS,
    OTHER
  }

  /** Reads one manager's stream until it ends. */
  private End watch(String manager) throws InterruptedException {
    try {
      long since = wantFull ? 0 : state.version();
      HttpResponse<InputStream> answer =
          client.send(
              manager,
              "GET",
              AgentMessages.WATCH + "?since=" + since,
              Map.of(),
              new byte[0],
              ANSWER_LIMIT);
      if (answer.statusCode() != 200) {
        refusal = ErrorText.of(answer);
        LOG.warn("manager {} refuses the watch: {}", manager, refusal);
        return End.OTHER;
      }
      managers.prefer(manager);
      read(answer.body());
      LOG.info("manager {} has ended the watch", manager);
    } catch (IOException e) {
      if (!closed) {
        LOG.info("no watch at manager {}: {}", manager, ErrorText.of(e));
      }
      // A connection that was not made in time is another class, and may be this node's own doing.
      return e instanceof ConnectException ? End.NOBODY_LISTENS : End.OTHER;
    }
    return End.OTHER;
  }

  private void read(InputStream body) throws IOException {
    synchronized (this) {
      reading = body;
    }
    if (closed) {
      body.close();
    }
    lastLine = System.nanoTime();
    Thread guard = Thread.ofVirtual().name("state-watch-guard").start(() -> guard(body));
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        lastLine = System.nanoTime();
        take(WatchLine.decode(line));
        connected = true;
        roundsInVain.set(0);
        refusal = "";
        backoff.reset();
      }
    } finally {
      connected = false;
      guard.interrupt();
    }
  }

  /** Ends a connection on which nothing comes any more. */
  private void guard(InputStream body) {
    try {
      for (long left = SILENCE.toNanos(); left > 0; ) {
        Thread.sleep(Duration.ofNanos(left));
        left = SILENCE.toNanos() - (System.nanoTime() - lastLine);
      }
      LOG.warn("the manager is silent");
      body.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      LOG.debug("while closing a silent watch", e);
    }
  }

  private void take(WatchLine line) throws IOException {
    switch (line) {
      case WatchLine.Full full -> publish(full.state());
      case WatchLine.Delta delta -> {
        try {
          publish(delta.delta().applyTo(state));
        } catch (IllegalArgumentException e) {
          wantFull = true;
          throw new IOException(e.getMessage());
        }
      }
      case WatchLine.Beat beat -> {
        if (beat.version() != state.version()) {
          wantFull = true;
          throw new IOException("the manager is at another version than it said");
        }
      }
    }
  }

  private void publish(ClusterState next) {
    wantFull = false;
    managers.learn(next);
    cache.keep(next);
    synchronized (listeners) {
      state = next;
      for (StateListener listener : listeners) {
        try {
          listener.onState(next);
        } catch (RuntimeException e) {
          LOG.error("a listener failed on version {}", next.version(), e);
        }
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    InputStream open;
    Thread running;
    synchronized (this) {
      open = reading;
      running = thread;
    }
    if (running != null) {
      running.interrupt();
    }
    try {
      if (open != null) {
        open.close();
      }
    } catch (IOException e) {
      LOG.debug("while closing the watch", e);
    }
    cache.close();
  }
}
