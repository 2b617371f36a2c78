package io.meshd.daemon.raft;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.raft.AtomixLog.Start;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients write all the time through all members, and read, while a seeded hand cuts, stops, hands
 * over and exchanges members. What was acknowledged is there, once, and in the order in which each
 * client had it acknowledged, on every member; and a read sees what was acknowledged before it.
 */
@Timeout(900)
final class HistoryTest {
  private static final int ROUNDS = Boolean.getBoolean("meshd.long") ? 100 : 6;

  @TempDir Path root;

  /** Of one client; it has one write under way at a time. */
  private static final class History {
    final List<String> acknowledged = new ArrayList<>();

    synchronized void add(String entry) {
      acknowledged.add(entry);
    }

    synchronized List<String> all() {
      return List.copyOf(acknowledged);
    }
  }

  private final Map<String, History> histories = new HashMap<>();
  private final AtomicInteger reads = new AtomicInteger();
  private final List<String> stale = Collections.synchronizedList(new ArrayList<>());
  private volatile boolean over;

  @Test
  void whatWasAcknowledgedIsThereOnceAndInOrder() throws Exception {
    long seed = Long.getLong("meshd.seed", System.nanoTime());
    Random random = new Random(seed);
    List<Thread> clients = new ArrayList<>();
    try (Managers managers = new Managers(root).segments(1 << 16).begin("n1", "n2", "n3")) {
      try {
        for (String node : List.of("n1", "n2", "n3")) {
          History history = new History();
          histories.put(node, history);
          clients.add(Thread.ofVirtual().start(() -> write(managers, node, history)));
        }
        for (int round = 0; round < ROUNDS; round++) {
          disturb(managers, random);
        }
      } finally {
        over = true;
        managers.network.heal();
      }
      for (Thread client : clients) {
        client.join();
      }
      check(managers, "seed " + seed);
    }
  }

  private void write(Managers managers, String node, History history) {
    for (int i = 0; !over; i++) {
      String entry = node + ":" + i;
      AtomixLog log = managers.running(node);
      if (log == null) {
        pause();
        continue;
      }
      try {
        log.propose(entry.getBytes(UTF_8)).get(12, TimeUnit.SECONDS);
        history.add(entry);
        if (i % 8 == 0) {
          read(managers, node);
        }
      } catch (Exception _) {
        pause();
      }
    }
  }

  /** Everything that any client had acknowledged before is in what this member has then. */
  private void read(Managers managers, String node) throws Exception {
    Set<String> before = new HashSet<>();
    histories.values().forEach(history -> before.addAll(history.all()));
    ListMachine machine = managers.machine(node);
    managers.log(node).catchUp().get(12, TimeUnit.SECONDS);
    if (managers.machine(node) != machine) {
      return; // it was opened anew meanwhile
    }
    machine.entries().forEach(before::remove);
    reads.incrementAndGet();
    if (!before.isEmpty()) {
      stale.add(node + " does not have " + before);
    }
  }

  /** How long a fault lasts is part of it. */
  private static void lasts(int millis) throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(millis);
  }

  private static void disturb(Managers managers, Random random) throws Exception {
    List<String> nodes = List.of("n1", "n2", "n3");
    String node = nodes.get(random.nextInt(3));
    String other = nodes.get((nodes.indexOf(node) + 1 + random.nextInt(2)) % 3);
    int millis = 300 + random.nextInt(2500);
    switch (random.nextInt(6)) {
      case 0 -> {
        managers.network.isolate(node);
        lasts(millis);
        managers.network.heal();
      }
      case 1 -> {
        managers.network.cut(node, other);
        lasts(millis);
        managers.network.heal();
      }
      case 2 -> {
        managers.network.delay(Duration.ofMillis(random.nextInt(60)));
        lasts(millis);
        managers.network.delay(Duration.ZERO);
      }
      case 3 -> {
        managers.stop(node);
        lasts(millis);
        managers.again(node);
      }
      case 4 -> {
        try {
          managers.log(managers.awaitLeader()).stepDown().get(10, TimeUnit.SECONDS);
        } catch (Exception _) {
          lasts(millis);
        }
      }
      default -> exchange(managers, node);
    }
  }

  /** One member goes for good, and its node comes back as another. */
  private static void exchange(Managers managers, String node) throws Exception {
    String gone = managers.log(node).member();
    String other = managers.nodes().stream().filter(n -> !n.equals(node)).findFirst().orElseThrow();
    await()
        .atMost(Duration.ofSeconds(40))
        .ignoreExceptions()
        .until(
            () -> {
              managers.log(other).remove(gone).get(12, TimeUnit.SECONDS);
              return true;
            });
    managers.stop(node);
    MemberFile.clear(managers.folder(node));
    managers.open(node, new Start.Join(managers.names()));
  }

  private void check(Managers managers, String what) throws Exception {
    for (String node : managers.nodes()) {
      await(what + ", on " + node)
          .conditionEvaluationListener(
              condition -> {
                if (!condition.isSatisfied() && condition.getRemainingTimeInMS() < 20_000) {
                  managers.nodes().forEach(each -> System.out.println(managers.log(each)));
                }
              })
          .atMost(Duration.ofSeconds(40))
          .ignoreExceptions()
          .until(
              () -> {
                managers.log(node).catchUp().get(12, TimeUnit.SECONDS);
                return true;
              });
    }
    List<String> entries = managers.machine("n1").entries();
    for (String node : managers.nodes()) {
      assertEquals(entries, managers.machine(node).entries(), what + ", on " + node);
    }
    assertEquals(new HashSet<>(entries).size(), entries.size(), what + ": applied twice");
    int acknowledged = 0;
    for (Map.Entry<String, History> each : histories.entrySet()) {
      List<String> theirs =
          entries.stream().filter(entry -> entry.startsWith(each.getKey() + ":")).toList();
      List<String> known = each.getValue().all();
      Set<String> there = Set.copyOf(known);
      assertEquals(known, theirs.stream().filter(there::contains).toList(), what);
      acknowledged += known.size();
    }
    assertEquals(List.of(), stale, what);
    assertTrue(acknowledged > 50 && reads.get() > 3, what + ": " + acknowledged + " writes");
    System.out.println(what + ": " + acknowledged + " acknowledged writes, " + reads + " reads");
  }

  private static void pause() {
    CompletableFuture.runAsync(
            () -> {}, CompletableFuture.delayedExecutor(20, TimeUnit.MILLISECONDS))
        .join();
  }
}
