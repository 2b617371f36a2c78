package io.meshd.daemon.raft;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.meshd.api.Nodes;
import io.meshd.daemon.disk.DataKeys;
import io.meshd.daemon.raft.AtomixLog.Start;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.CommandFormat;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.Outcome;
import io.meshd.daemon.state.StateCodec;
import io.meshd.daemon.state.StateMachine;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Managers of this version and of the next one on one log. */
@Timeout(120)
final class HaltTest {
  private static final String AT = "2026-01-02T03:04:05Z";
  private static final int NOW = CommandFormat.CURRENT;
  private static final int NEXT = NOW + 1;
  private static final String WHY =
      " has format "
          + NEXT
          + ", and this meshd knows formats up to "
          + NOW
          + ": install the version of the other"
          + " managers, or a later one";
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final DataKeys KEYS = DataKeys.drawn();

  @TempDir Path root;
  private final TestNetwork network = new TestNetwork();
  private final Map<String, AtomixLog> logs = new TreeMap<>();
  private final Map<String, StateMachine> machines = new HashMap<>();
  private final Map<String, String> halted = new ConcurrentHashMap<>();

  @AfterEach
  void close() {
    logs.values().forEach(AtomixLog::close);
    network.close();
  }

  /**
   * The next version knows one command more, {@code later}, which gives a node a message, and says
   * in its snapshots that they are of its format.
   */
  private record NextVersion(StateMachine machine) implements ReplicatedLog.Machine {
    static byte[] entry(String message) {
      return ("{\"type\":\"later\",\"format\":" + NEXT + ",\"message\":\"" + message + "\"}")
          .getBytes(UTF_8);
    }

    @Override
    public byte[] apply(byte[] entry) {
      String text = new String(entry, UTF_8);
      if (!text.contains("\"later\"") || CommandFormat.agreed(machine.state()) < NEXT) {
        return machine.apply(entry);
      }
      String message = text.replaceAll(".*\"message\":\"|\"}", "");
      return StateCodec.encode(machine.apply(status(message)));
    }

    @Override
    public byte[] snapshot() {
      return as(NEXT, machine.snapshot());
    }

    @Override
    public void restore(byte[] snapshot) {
      machine.restore(as(NOW, snapshot));
    }

    private static byte[] as(int format, byte[] snapshot) {
      CRC32C crc = new CRC32C();
      crc.update(ByteBuffer.allocate(4).putInt(0, format));
      crc.update(snapshot, 16, snapshot.length - 16);
      byte[] other = snapshot.clone();
      ByteBuffer.wrap(other).putInt(4, format).putInt(8, (int) crc.getValue());
      return other;
    }
  }

  private static Command status(String message) {
    return new Command.SetNodeStatus(AT, "n1", NodeRecord.NodeState.READY, message);
  }

  private AtomixLog open(String node, boolean next, Start start) throws IOException {
    AtomixLog.Settings usual = AtomixLog.Settings.of(root.resolve(node), KEYS);
    StateMachine machine = new StateMachine();
    AtomixLog log =
        AtomixLog.open(
            new AtomixLog.Settings(
                usual.directory(),
                usual.keys(),
                1 << 16,
                1 << 14,
                usual.electionTimeout(),
                usual.heartbeat(),
                usual.proposalLimit()),
            network.node(node),
            next ? new NextVersion(machine) : machine,
            start);
    halted.remove(node);
    log.onHalted(why -> halted.put(node, why));
    logs.put(node, log);
    machines.put(node, machine);
    return log;
  }

  private static Outcome propose(AtomixLog log, byte[] entry) throws Exception {
    return StateCodec.decodeOutcome(log.propose(entry).get(15, TimeUnit.SECONDS));
  }

  private static void done(AtomixLog log, byte[] entry) throws Exception {
    assertInstanceOf(Outcome.Done.class, propose(log, entry));
  }

  private static void cluster(AtomixLog log) throws Exception {
    done(
        log,
        StateCodec.encode(
            new Command.InitCluster(
                AT, "c", "ingress", List.of(), 0, 0, "WT", "MT", null, null, null)));
  }

  private static void manager(AtomixLog log, String id, int format) throws Exception {
    done(
        log,
        StateCodec.encode(
            new Command.UpsertNode(
                AT,
                id,
                new Nodes.NodeSpec(null, Map.of(), "manager", "active"),
                new Nodes.NodeDescription(
                    id,
                    new Nodes.Platform("x86_64", "linux"),
                    new Nodes.Resources(1, 1),
                    new Nodes.Engine("1", Map.of("meshd.log-format", "" + format))),
                "192.0.2.1",
                "192.0.2.1:2377")));
  }

  private String said(String node) {
    StateMachine machine = machines.get(node);
    NodeRecord record = machine == null ? null : machine.state().nodes().get("n1");
    return record == null ? "" : String.valueOf(record.statusMessage());
  }

  private void awaitSaid(String node, String message) {
    await().atMost(SOON).untilAsserted(() -> assertEquals(message, said(node)));
  }

  private void awaitHalted(String node, String what) {
    await().atMost(SOON).until(() -> halted.containsKey(node));
    assertEquals(what + WHY, halted.get(node));
  }

  /** Its log no longer holds the beginning: a snapshot does. */
  private boolean isCompacted(String node) throws IOException {
    try (Stream<Path> files = Files.list(root.resolve(node))) {
      return files.noneMatch(path -> path.getFileName().toString().equals("meshd-1.log"));
    }
  }

  /** More than some files of the log. */
  private static void fill(AtomixLog log) throws Exception {
    for (int i = 0; i < 40; i++) {
      done(log, StateCodec.encode(status(i + "x".repeat(8000))));
    }
  }

  @Test
  void anEntryOfALaterVersionStopsWhoDoesNotKnowItAndNobodyElse() throws Exception {
    AtomixLog first = open("n1", true, new Start.First());
    open("n2", true, new Start.Join(List.of(first.member())));
    AtomixLog old = open("n3", false, new Start.Join(List.of(first.member())));
    cluster(first);
    for (String node : List.of("n1", "n2", "n3")) {
      manager(first, node, NOW);
    }
    manager(first, "n1", NEXT);
    manager(first, "n2", NEXT);

    // While one has not said that it knows it, it is refused by all, and all go on together.
    assertInstanceOf(Outcome.Refused.class, propose(first, NextVersion.entry("too early")));
    done(first, StateCodec.encode(status("a")));
    awaitSaid("n3", "a");

    // One that has said so, and whose daemon was replaced by an older one.
    manager(first, "n3", NEXT);
    fill(first);
    done(first, StateCodec.encode(status("b")));
    awaitSaid("n3", "b");
    done(first, NextVersion.entry("later"));
    awaitHalted("n3", "an entry of the managers' log");
    done(first, StateCodec.encode(status("c")));
    awaitSaid("n2", "c");
    assertEquals("b", said("n3"));
    ExecutionException refused =
        assertThrows(
            ExecutionException.class, () -> propose(old, StateCodec.encode(status("none"))));
    assertEquals(
        "an entry of the managers' log" + WHY,
        String.valueOf(refused.getCause()).replaceFirst("^[^:]*: ", ""));

    // It takes no snapshot of what it is not, when the others shorten their logs.
    fill(first);
    await().atMost(Duration.ofSeconds(40)).until(() -> isCompacted("n1") && isCompacted("n2"));
    old.close();

    // Nor does it get on by starting again, and it stands in nobody's way: now it is shown a
    // snapshot.
    AtomixLog again = open("n3", false, new Start.Again());
    awaitHalted("n3", "the snapshot of the cluster's state");
    assertFalse(again.isLeader());
    assertThrows(TimeoutException.class, () -> again.catchUp().get(1, TimeUnit.SECONDS));
    done(first, StateCodec.encode(status("d")));
    again.close();

    // The version that knows it takes up where the other stopped.
    open("n3", true, new Start.Again());
    awaitSaid("n3", "d");
    assertEquals(digest("n1"), digest("n3"));
    try (Stream<Path> folders = Files.list(root)) {
      assertEquals(3, folders.count(), "none was set aside as damaged");
    }
  }

  private String digest(String node) {
    return StateCodec.digest(machines.getOrDefault(node, new StateMachine()).state());
  }

  @Test
  void theOldVersionOnTheOnlyManagersDiskChangesNothingThere() throws Exception {
    AtomixLog log = open("n1", true, new Start.First());
    cluster(log);
    manager(log, "n1", NEXT);
    done(log, NextVersion.entry("later"));
    String digest = digest("n1");
    log.close();

    AtomixLog old = open("n1", false, new Start.Again());
    awaitHalted("n1", "an entry of the managers' log");
    assertFalse(old.isLeader());
    old.close();

    open("n1", true, new Start.Again()).close();
    assertEquals(digest, digest("n1"));
  }
}
