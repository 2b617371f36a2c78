package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * What happens to managers, one thing after the other, each with its end. A seed says what, to whom
 * and how long; who leads at that moment is the cluster's.
 */
final class Nemesis {
  /** Preloaded into every meshd, so that its clock can jump; nobody else's does. */
  static final String CLOCK =
      "LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
          + " FAKETIME_TIMESTAMP_FILE=/run/faketime FAKETIME_CACHE_DURATION=1"
          // Without the second of these every wait on the monotonic clock ends at once.
          + " FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_FORCE_MONOTONIC_FIX=0";

  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final String DATA = "/var/lib/meshd";

  enum Fault {
    KILL_LEADER,
    KILL_OTHER,
    KILL_ALL,
    FREEZE_LEADER,
    FREEZE_OTHER,
    CUT_LEADER,
    LEADER_HEARS_NOTHING,
    LEADER_IS_NOT_HEARD,
    CLOCK_JUMPS,
    DISK_FULL,
    TORN_WRITES
  }

  private final Cluster cluster;
  private final List<String> managers;
  private final List<String> nodes;
  private final Random random;
  private final List<Fault> faults = new ArrayList<>();

  /**
   * @param managers of these {@code nodes}
   */
  Nemesis(Cluster cluster, List<String> managers, List<String> nodes, long seed) {
    this.cluster = cluster;
    this.managers = managers;
    this.nodes = nodes;
    this.random = new Random(seed);
  }

  /** Every fault in turn, each time in another order: something, and its end; says what it was. */
  String round() throws InterruptedException {
    if (faults.isEmpty()) {
      faults.addAll(Arrays.asList(Fault.values()));
      Collections.shuffle(faults, random);
    }
    Fault fault = faults.removeFirst();
    String leader = leader();
    String other = other(leader);
    int held = 500 + random.nextInt(3500);
    return switch (fault) {
      case KILL_LEADER -> kill(fault, List.of(leader), held);
      case KILL_OTHER -> kill(fault, List.of(other), held);
      case KILL_ALL -> kill(fault, managers, held);
      case FREEZE_LEADER -> freeze(fault, leader, held);
      case FREEZE_OTHER -> freeze(fault, other, held);
      case CUT_LEADER -> cut(fault, leader, true, true, held);
      case LEADER_HEARS_NOTHING -> cut(fault, leader, true, false, held);
      case LEADER_IS_NOT_HEARD -> cut(fault, leader, false, true, held);
      case CLOCK_JUMPS -> clock(fault, random.nextBoolean() ? leader : other, held);
      case DISK_FULL -> disk(fault, random.nextBoolean() ? leader : other, held);
      case TORN_WRITES -> torn(fault, random.nextBoolean() ? leader : other);
    };
  }

  /** By any node's word; where nobody knows, some manager. */
  private String leader() {
    for (String node : managers) {
      NodeApi.Answer answer = new NodeApi(cluster.state(), node).ask("GET", "/nodes", null, LIMIT);
      for (JsonNode each : answer.body()) {
        if (each.path("ManagerStatus").path("Leader").asBoolean()) {
          return each.path("Description").path("Hostname").asText();
        }
      }
    }
    return managers.get(random.nextInt(managers.size()));
  }

  private String other(String leader) {
    List<String> others =
        (managers.size() > 1 ? managers : nodes)
            .stream().filter(node -> !node.equals(leader)).toList();
    return others.get(random.nextInt(others.size()));
  }

  private String kill(Fault fault, List<String> which, int held) throws InterruptedException {
    which.forEach(cluster::kill);
    Thread.sleep(held); // how long it lasts is what is tested, here and below
    which.forEach(cluster::start);
    return fault + " " + which + " " + held + " ms";
  }

  private String freeze(Fault fault, String node, int held) throws InterruptedException {
    signal(node, "STOP");
    try {
      Thread.sleep(2L * held);
    } finally {
      signal(node, "CONT");
    }
    return fault + " " + node + " " + 2 * held + " ms";
  }

  private void signal(String node, String signal) {
    try {
      String pid =
          Files.readString(cluster.state().resolve(node).resolve("meshd.pid")).split(" ", 2)[0];
      new ProcessBuilder("kill", "-" + signal, pid).inheritIO().start().waitFor();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private String cut(Fault fault, String node, boolean in, boolean out, int held)
      throws InterruptedException {
    List<String> others = nodes.stream().filter(other -> !other.equals(node)).toList();
    if (in) {
      drop(node, others);
    }
    if (out) {
      others.forEach(other -> drop(other, List.of(node)));
    }
    try {
      Thread.sleep(2L * held);
    } finally {
      nodes.forEach(each -> cluster.run(each, "nft", "delete", "table", "netdev", "nemesis"));
    }
    return fault + " " + node + " " + 2 * held + " ms";
  }

  private void drop(String node, List<String> from) {
    String sources = from.stream().map(Cluster::address).collect(Collectors.joining(", "));
    cluster.sh(
        node,
        "nft -f - <<'END'\ntable netdev nemesis { chain in {"
            + " type filter hook ingress device eth0 priority 0;"
            + " ip saddr { "
            + sources
            + " } drop; }; }\nEND");
  }

  private String clock(Fault fault, String node, int held) throws InterruptedException {
    int seconds = (random.nextBoolean() ? 1 : -1) * (1 + random.nextInt(100_000));
    cluster.sh(node, "echo %+d >/run/faketime".formatted(seconds));
    Thread.sleep(2L * held);
    cluster.sh(node, "echo +0 >/run/faketime");
    return "%s %s %+d s".formatted(fault, node, seconds);
  }

  private String disk(Fault fault, String node, int held) throws InterruptedException {
    cluster.sh(node, "dd if=/dev/zero of=" + DATA + "/filled bs=64k 2>/dev/null; true");
    Thread.sleep(held);
    cluster.sh(node, "rm " + DATA + "/filled");
    boolean ended = !cluster.run(node, "pgrep", "-f", "io.meshd.daemon.Meshd").ok();
    if (ended) {
      cluster.start(node);
    }
    return fault + " " + node + " " + held + " ms" + (ended ? ", meshd ended" : "");
  }

  /**
   * The newest file of the log or the newest snapshot, cut short or with some bytes changed where
   * the last writes are. The manager may find everything nevertheless; or it does not start, says
   * why, and gets its copy back.
   */
  private String torn(Fault fault, String node) throws InterruptedException {
    // Two of three disks at once are nothing that a majority could survive.
    await()
        .alias("managers whose log was damaged before have a vote again")
        .atMost(Duration.ofSeconds(60))
        .until(() -> managers.stream().noneMatch(this::isComingBack));
    cluster.kill(node);
    if (!managers.contains(node)) {
      cluster.start(node);
      return fault + " " + node + " is no manager";
    }
    cluster.sh(node, "rm -rf /run/copy; cp -a " + DATA + "/raft /run/copy");
    String suffix = random.nextInt(3) == 0 ? "sealed" : "log";
    String damage = damage(node, suffix);
    if (cluster.script("start", node).ok()) {
      return fault + " " + node + ": " + damage + ", found whole";
    }
    String said = lastWords(node);
    if (!said.contains("Raft")) {
      throw new AssertionError(damage + ", and " + node + " says: " + said);
    }
    cluster.sh(node, "rm -r " + DATA + "/raft; cp -a /run/copy " + DATA + "/raft");
    cluster.start(node);
    return fault + " " + node + ": " + damage + ", not started: " + said;
  }

  private boolean isComingBack(String manager) {
    return cluster.run(manager, "test", "-e", DATA + "/raft/rejoin").ok();
  }

  private String lastWords(String node) {
    try {
      List<String> lines = Files.readAllLines(cluster.state().resolve(node).resolve("meshd.log"));
      return lines.getLast();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private String damage(String node, String suffix) {
    String file =
        cluster.sh(node, "ls -t " + DATA + "/raft/*." + suffix + " 2>/dev/null | head -1");
    if (file.isEmpty()) {
      return "no " + suffix;
    }
    Path path = cluster.inside(node, file.strip());
    try {
      byte[] bytes = Files.readAllBytes(path);
      int used = bytes.length;
      while (used > 0 && bytes[used - 1] == 0) {
        used--;
      }
      int at = Math.max(64, used - 1 - random.nextInt(4096));
      String name = path.getFileName() + " at " + at + " of " + used;
      if (random.nextBoolean()) {
        Files.write(path, Arrays.copyOf(bytes, Math.min(at, bytes.length)));
        return "cut " + name;
      }
      int many = 1 + random.nextInt(8);
      for (int i = at; i < Math.min(at + many, bytes.length); i++) {
        bytes[i] ^= (byte) (1 + random.nextInt(255));
      }
      Files.write(path, bytes);
      return many + " bytes changed in " + name;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
