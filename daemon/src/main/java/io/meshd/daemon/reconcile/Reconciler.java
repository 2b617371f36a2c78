package io.meshd.daemon.reconcile;

import io.meshd.daemon.ingress.IngressPort;
import io.meshd.daemon.linux.LinuxException;
import io.meshd.daemon.linux.NodePlumbing;
import io.meshd.daemon.linux.Problems;
import io.meshd.daemon.peers.Presence;
import io.meshd.daemon.peers.Presence.Answers;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.EndpointRecord;
import io.meshd.daemon.state.NewestState;
import io.meshd.daemon.state.StateListener;
import io.meshd.daemon.tasks.TaskRuntime;
import io.meshd.dataplane.Dataplane;
import io.meshd.dataplane.ForwardingSpec;
import io.meshd.ipam.Cidr;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes this node be what the newest state says. One thread makes one pass after the other, each
 * over the newest state only; a pass that failed somewhere is repeated, and every step can be. The
 * steps of a pass, in this order:
 *
 * <ol>
 *   <li>what is not to run here any more is told to end, before anything is forwarded for it
 *   <li>the switch's tables; before what takes its time, for the others' tasks start meanwhile
 *   <li>the node's own TAP of each network that it has
 *   <li>namespaces and interfaces of tasks, TAPs of endpoints
 *   <li>the word to the other nodes, what this one has
 *   <li>new tasks' commands: their first packet finds the tables
 *   <li>published ports
 *   <li>what is left of what has ended
 *   <li>what ended by itself and no leader hears of: again from the beginning, in the next pass
 * </ol>
 *
 * Closing leaves everything as it is; the next start takes it up again.
 */
public final class Reconciler implements StateListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Reconciler.class);
  private static final long FIRST_RETRY_MILLIS = 500;
  private static final long LAST_RETRY_MILLIS = 30_000;

  /** How often a pass is made when nothing happens: for reports that were lost. */
  private static final long IDLE_MILLIS = 5_000;

  private static final long DOCKER_NANOS = TimeUnit.SECONDS.toNanos(30);

  private static final long LEAVE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final String nodeId;
  private final Dataplane dataplane;
  private final BiConsumer<Collection<IngressPort>, Set<String>> ingress;
  private final Consumer<Map<String, Map<String, Presence>>> announce;
  private final Consumer<ClusterState> keyed;
  private final NodePlumbing plumbing;
  private final List<Cidr> bridges;
  private final TaskRuntime tasks;
  private final TaskPass taskPass;
  private final NodeTaps nodeTaps;
  private final EndpointTaps endpointTaps;
  private final SeenVersion seen;
  private final Thread thread;

  // Guarded by this.
  private @Nullable ClusterState newest;
  private boolean changed;
  private boolean closed;

  // The thread's own.
  private final PreservedPorts preservedPorts = new PreservedPorts();
  private @Nullable ForwardingSpec applied;
  private @Nullable List<IngressPort> published;
  private Set<String> lostTasks = Set.of();

  private final NewestState served = new NewestState();
  private String lastProblem = "";
  private long dockerLookedAfter = System.nanoTime();

  private volatile PassStatus status = new PassStatus(0, 0, 0, 0);

  /**
   * @param dataDir where it remembers what must outlive a restart
   * @param ingress takes all published ports of this node, whole, and the IDs of the tasks on nodes
   *     that are down; may block
   * @param announce tells the other nodes what this one has, by network and endpoint, before the
   *     commands of new tasks start
   * @param keyed hears the state whose keys the switch has now
   * @param reports the listener that {@code tasks} was made with
   */
  public Reconciler(
      String nodeId,
      Path dataDir,
      NodePlumbing plumbing,
      Dataplane dataplane,
      TaskRuntime tasks,
      TaskReports reports,
      BiConsumer<Collection<IngressPort>, Set<String>> ingress,
      Consumer<Map<String, Map<String, Presence>>> announce,
      Consumer<ClusterState> keyed)
      throws IOException {
    this.nodeId = nodeId;
    this.dataplane = dataplane;
    this.ingress = ingress;
    this.announce = announce;
    this.keyed = keyed;
    this.plumbing = plumbing;
    this.bridges =
        List.of(Cidr.parse(plumbing.subnets().gateway()), Cidr.parse(plumbing.subnets().local()));
    this.tasks = tasks;
    ReplyPaths replyPaths = new ReplyPaths(preservedPorts);
    this.taskPass = new TaskPass(nodeId, dataplane, tasks, reports, replyPaths);
    this.nodeTaps = new NodeTaps(dataplane, plumbing.node().path());
    this.endpointTaps = new EndpointTaps(dataplane, dataDir.resolve("endpoints.json"), replyPaths);
    this.seen = new SeenVersion(dataDir.resolve("seen-version"));
    reports.onChange(this::wake);
    this.thread = Thread.ofPlatform().daemon().name("reconcile").unstarted(this::run);
  }

  public void start() {
    thread.start();
  }

  @Override
  public synchronized void onState(ClusterState state) {
    if (state.cluster() == null) {
      return; // in no cluster: leave() is what takes things down
    }
    newest = state;
    wake();
  }

  /**
   * Runs it, unless the thread has ended by itself. It is not asked to run it: a pass takes the
   * time that programs and Engines take.
   */
  public synchronized void sign(Runnable sign) {
    if (thread.isAlive() || closed) {
      sign.run();
    }
  }

  /** The state whose tables and ports are in place. */
  public NewestState served() {
    return served;
  }

  private synchronized void wake() {
    changed = true;
    notifyAll();
  }

  private void run() {
    long retry = FIRST_RETRY_MILLIS;
    boolean failed = false;
    try {
      for (; ; ) {
        ClusterState state = next(failed ? retry : IDLE_MILLIS);
        retry = failed ? Math.min(2 * retry, LAST_RETRY_MILLIS) : FIRST_RETRY_MILLIS;
        if (state != null) {
          long began = System.nanoTime();
          failed = !pass(state);
          count(failed, System.nanoTime() - began);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private void count(boolean failed, long nanos) {
    PassStatus before = status;
    ClusterState now = served.get();
    status =
        new PassStatus(
            before.passes() + 1,
            before.failures() + (failed ? 1 : 0),
            before.seconds() + nanos / 1e9,
            now == null ? 0 : now.version());
  }

  /** Of the passes so far. */
  public PassStatus status() {
    return status;
  }

  /** The newest state, when something changed or the time is up. */
  private synchronized @Nullable ClusterState next(long millis) throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (!changed) {
      long left = until - System.nanoTime();
      if (left <= 0) {
        break;
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    if (closed) {
      throw new InterruptedException("closed");
    }
    changed = false;
    return newest;
  }

  /** True when everything is as it should be. */
  private boolean pass(ClusterState state) {
    Problems problems = new Problems();
    try {
      boolean stale = seen.isStale(state);
      taskPass.stop(state, stale);
      preservedPorts.update(state, System.nanoTime());
      ForwardingSpec spec =
          ForwardingCompiler.compile(state, nodeId, taskPass::hasPlaceHere, preservedPorts);
      if (!spec.equals(applied)) {
        dataplane.apply(spec);
        applied = spec;
      }
      keyed.accept(state);
      problems.attempt(() -> nodeTaps.attach(spec, state));
      problems.attempt(() -> taskPass.connect(state, stale));
      problems.attempt(() -> endpointTaps.attach(state, nodeId));
      announce.accept(presences(spec, state));
      taskPass.launch(state);
      publish(state);
      served.onState(state);
      problems.attempt(() -> taskPass.removeEnded(state, stale));
      problems.attempt(() -> endpointTaps.removeOthers(state, nodeId));
      problems.attempt(() -> nodeTaps.removeOthers(spec));
      problems.attempt(this::lookAfterDocker);
      taskPass.repeatReports(state);
      problems.attempt(() -> taskPass.restartUnheard(state, stale));
      problems.throwIfAny();
      lastProblem = "";
      return true;
    } catch (IOException | RuntimeException e) {
      // The same words again and again are said once.
      if (!e.toString().equals(lastProblem)) {
        lastProblem = e.toString();
        if (e instanceof RuntimeException) {
          LOG.error("this node cannot be brought to version {}", state.version(), e);
        } else {
          LOG.warn("not as it should be at version {}: {}", state.version(), e.getMessage());
        }
      }
      return false;
    }
  }

  /** What this node has on each of its networks. */
  private Map<String, Map<String, Presence>> presences(ForwardingSpec spec, ClusterState state) {
    Map<String, Map<String, Presence>> all = new HashMap<>();
    spec.networks().forEach(network -> all.put(network.id(), new HashMap<>()));
    taskPass.presences(state, all);
    for (EndpointRecord endpoint : state.endpoints().values()) {
      if (endpoint.nodeId().equals(nodeId)) {
        Attachment at = endpoint.attachment();
        all.computeIfAbsent(at.networkId(), id -> new HashMap<>())
            .put(endpoint.id(), new Presence(at.address(), at.mac(), Answers.NOTHING, 0));
      }
    }
    return all;
  }

  /** dockerd makes its rules when it starts, which may be after this daemon did. */
  private void lookAfterDocker() throws IOException {
    long now = System.nanoTime();
    if (now - dockerLookedAfter >= DOCKER_NANOS) {
      dockerLookedAfter = now;
      plumbing.bridges().ensureDockerForwards();
    }
  }

  private void publish(ClusterState state) {
    List<IngressPort> compiled = IngressCompiler.compile(state, nodeId, bridges);
    Set<String> lost = IngressCompiler.lost(state);
    if (!compiled.equals(published) || !lost.equals(lostTasks)) {
      ingress.accept(compiled, lost);
      published = compiled;
      lostTasks = lost;
    }
  }

  /** Ends the passes; takes nothing down. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      wake();
    }
    boolean interrupted = false;
    for (; ; ) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * For a node that left its cluster: ends its tasks and removes everything that was made for them
   * and for the node, also the memory of it. Blocks until then. The supervisor is of no use
   * afterwards.
   *
   * @throws LinuxException with everything that could not be removed
   */
  public void leave() throws LinuxException {
    close();
    Problems problems = new Problems();
    ingress.accept(List.of(), Set.of());
    tasks.ids().forEach(tasks::stop);
    problems.attempt(this::awaitEnd);
    for (String id : tasks.ids()) {
      problems.attempt(() -> taskPass.remove(id, true));
    }
    problems.attempt(endpointTaps::removeAll);
    problems.attempt(() -> nodeTaps.removeOthers(ForwardingSpec.EMPTY));
    dataplane.apply(ForwardingSpec.EMPTY);
    problems.attempt(plumbing::remove);
    problems.attempt(seen::forget);
    problems.throwIfAny();
  }

  private void awaitEnd() throws IOException {
    long until = System.nanoTime() + tasks.longestGraceNanos() + LEAVE_NANOS;
    while (!taskPass.notEnded().isEmpty()) {
      if (System.nanoTime() > until) {
        throw new IOException("tasks that do not end: " + String.join(", ", taskPass.notEnded()));
      }
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while tasks were ending", e);
      }
    }
  }
}
