package io.meshd.daemon.raft;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import io.meshd.daemon.disk.DataKeys;
import io.meshd.daemon.raft.AtomixLog.Start;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Managers of one process on a {@link TestNetwork}, each with its folder. */
final class Managers implements AutoCloseable {
  final TestNetwork network = new TestNetwork();
  private final Path root;
  private final Map<String, DataKeys> keys = new ConcurrentHashMap<>();
  private final Map<String, AtomixLog> logs = new TreeMap<>();
  private final Map<String, ListMachine> machines = new TreeMap<>();
  private int segmentBytes = 1 << 20;

  Managers(Path root) {
    this.root = root;
  }

  /** For those that are opened from now on. */
  Managers segments(int bytes) {
    segmentBytes = bytes;
    return this;
  }

  Path folder(String node) {
    return root.resolve(node);
  }

  /** Each node has its own. */
  DataKeys keysOf(String node) {
    return keys.computeIfAbsent(node, _ -> DataKeys.drawn());
  }

  AtomixLog open(String node, Start start) throws IOException {
    AtomixLog.Settings usual = AtomixLog.Settings.of(folder(node), keysOf(node));
    AtomixLog.Settings settings =
        new AtomixLog.Settings(
            usual.directory(),
            usual.keys(),
            segmentBytes,
            segmentBytes / 4,
            usual.electionTimeout(),
            usual.heartbeat(),
            usual.proposalLimit());
    ListMachine machine = new ListMachine();
    AtomixLog log = AtomixLog.open(settings, network.node(node), machine, start);
    synchronized (this) {
      logs.put(node, log);
      machines.put(node, machine);
    }
    return log;
  }

  /** The first node begins, the others join one after the other. */
  Managers begin(String... nodes) throws IOException {
    open(nodes[0], new Start.First());
    for (int i = 1; i < nodes.length; i++) {
      join(nodes[i]);
    }
    return this;
  }

  AtomixLog join(String node) throws IOException {
    return open(node, new Start.Join(names()));
  }

  AtomixLog again(String node) throws IOException {
    return open(node, new Start.Again());
  }

  synchronized List<String> names() {
    return logs.values().stream().map(AtomixLog::member).toList();
  }

  synchronized AtomixLog log(String node) {
    AtomixLog log = logs.get(node);
    if (log == null) {
      throw new IllegalArgumentException(node + " does not run");
    }
    return log;
  }

  /** Null while it is stopped. */
  synchronized @Nullable AtomixLog running(String node) {
    return logs.get(node);
  }

  synchronized ListMachine machine(String node) {
    ListMachine machine = machines.get(node);
    if (machine == null) {
      throw new IllegalArgumentException(node + " never ran");
    }
    return machine;
  }

  synchronized List<String> nodes() {
    return List.copyOf(logs.keySet());
  }

  synchronized @Nullable String leader() {
    for (Map.Entry<String, AtomixLog> each : logs.entrySet()) {
      if (each.getValue().isLeader()) {
        return each.getKey();
      }
    }
    return null;
  }

  String awaitLeader() {
    await().atMost(Duration.ofSeconds(15)).until(() -> leader() != null);
    return String.valueOf(leader());
  }

  /** One that runs and does not lead. */
  String follower() {
    String leader = awaitLeader();
    return nodes().stream().filter(node -> !node.equals(leader)).findFirst().orElseThrow();
  }

  void stop(String node) {
    AtomixLog log;
    synchronized (this) {
      log = logs.remove(node);
    }
    if (log != null) {
      log.close();
    }
  }

  String propose(String node, String entry) throws Exception {
    try {
      return new String(log(node).propose(entry.getBytes(UTF_8)).get(15, TimeUnit.SECONDS), UTF_8);
    } catch (ExecutionException e) {
      e.addSuppressed(new AssertionError(nodes().stream().map(this::log).toList().toString()));
      throw e;
    }
  }

  void proposeAll(String node, String prefix, int count) throws Exception {
    List<CompletableFuture<byte[]>> answers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      answers.add(log(node).propose((prefix + i).getBytes(UTF_8)));
    }
    for (var answer : answers) {
      answer.get(20, TimeUnit.SECONDS);
    }
  }

  @Override
  public void close() {
    for (String node : nodes()) {
      stop(node);
    }
    network.close();
  }
}
