package io.meshd.daemon.ingress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.ingress.IngressPort.Backend;
import io.meshd.daemon.ingress.IngressPort.Balancing;
import io.meshd.dataplane.lb.MaglevTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ChoiceTest {
  private static final Balancing BY_CLIENT = new Balancing(true, false, 0, true);
  private static final Balancing LOCAL_FIRST = new Balancing(false, true, 0, true);

  private final BackendPool pool = new BackendPool();
  private final long now = System.nanoTime();

  @Test
  void sharesAreAsTheWeightsSay() {
    pool.replace(List.of(of("a", 300, false), of("b", 100, false), of("c", 0, false)));
    assertEquals(Map.of("a", 300, "b", 100), chosen(400));
  }

  @Test
  void aRoundSpreadsTheTurnsOfEach() {
    assertEquals(
        List.of(0, 0, 1, 0), IntStream.of(Choice.deal(new int[] {300, 100})).boxed().toList());
    assertEquals(3, Choice.deal(new int[] {7, 7, 7}).length);
    assertTrue(Choice.deal(new int[] {9999, 10_000, 1}).length <= 2050);
  }

  @Test
  void withoutWeightThereIsNobody() {
    pool.replace(List.of(of("a", 0, false)));
    assertEquals(0, pool.size());
    assertNull(pool.choose(List.of(), 0, now));
  }

  @Test
  void theOneWithFewerConnectionsForItsWeightIsTaken() {
    pool.replace(List.of(of("a", 200, false), of("b", 100, false)));
    List<BackendLoad> opened = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      BackendLoad load = Objects.requireNonNull(pool.choose(List.of(), 0, now));
      load.opened();
      opened.add(load);
    }
    long ofA = opened.stream().filter(load -> load.backend().taskId().equals("a")).count();
    assertTrue(Math.abs(ofA - 200) <= 5, ofA + " of 300");
  }

  @Test
  void backendsOfThisNodeComeFirstWhileTheyAnswer() {
    pool.replace(List.of(of("here", 100, true), of("there", 100, false)), LOCAL_FIRST);
    assertEquals(Map.of("here", 20), chosen(20));
    BackendLoad here = Objects.requireNonNull(pool.choose(List.of(), 0, now));
    here.failed(now);
    assertEquals(Map.of("there", 20), chosen(20));
    here.answered();
    assertEquals(Map.of("here", 20), chosen(20));
  }

  @Test
  void aClientKeepsItsBackendAndMovesOnlyIfThatIsGone() {
    List<Backend> ten = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      ten.add(of("task" + i, 100, false));
    }
    pool.replace(ten, BY_CLIENT);
    Map<Integer, String> before = byClient();
    assertEquals(before, byClient());
    pool.replace(ten.subList(1, 10), BY_CLIENT);
    Map<Integer, String> after = byClient();
    long others = before.values().stream().filter(id -> !id.equals("task0")).count();
    long moved =
        before.entrySet().stream()
            .filter(e -> !e.getValue().equals("task0"))
            .filter(e -> !e.getValue().equals(after.get(e.getKey())))
            .count();
    assertTrue(moved * 100 <= others, moved + " of " + others + " moved");
  }

  @Test
  void aClientWhoseBackendFailsGetsAnotherAndReturns() {
    pool.replace(List.of(of("a", 100, false), of("b", 100, false)), BY_CLIENT);
    BackendLoad first = Objects.requireNonNull(pool.choose(List.of(), 42, now));
    first.failed(now);
    BackendLoad second = Objects.requireNonNull(pool.choose(List.of(), 42, now));
    assertTrue(first != second);
    assertEquals(first, pool.choose(List.of(), 42, now + TimeUnit.SECONDS.toNanos(1)));
  }

  @Test
  void theLastOneIsTriedThoughItFailedAndEachOnlyOnce() {
    pool.replace(List.of(of("a", 100, false)));
    BackendLoad only = Objects.requireNonNull(pool.choose(List.of(), 0, now));
    assertTrue(only.failed(now));
    assertEquals(only, pool.choose(List.of(), 0, now));
    assertNull(pool.choose(List.of(only), 0, now));
  }

  @Test
  void failuresAtOnceCountOnceAndLaterOnesDouble() {
    BackendLoad load = new BackendLoad(of("a", 100, false), now);
    long at = now;
    for (long millis : new long[] {500, 1000, 2000, 4000, 8000, 8000}) {
      assertTrue(load.failed(at));
      assertEquals(false, load.failed(at));
      assertTrue(load.avoided(at + TimeUnit.MILLISECONDS.toNanos(millis - 1)));
      at += TimeUnit.MILLISECONDS.toNanos(millis);
      assertEquals(false, load.avoided(at));
    }
  }

  @Test
  void aBackendThatStartsSlowlyGetsItsShareInTime() {
    long slowStart = TimeUnit.SECONDS.toNanos(100);
    long readySince = System.currentTimeMillis();
    BackendLoad fresh =
        new BackendLoad(new Backend("n", "10.0.0.2", 80, 100, false, readySince), now);
    assertEquals(0.1, fresh.share(slowStart, now, readySince), 1e-9);
    assertEquals(0.5, fresh.share(slowStart, now, readySince + 50_000), 1e-9);
    assertEquals(1, fresh.share(slowStart, now, readySince + 200_000), 1e-9);
    assertEquals(1, fresh.share(slowStart, now + slowStart, readySince - 1_000_000), 1e-9);

    Backend old = new Backend("old", "10.0.0.3", 80, 100, false, 0);
    Backend begun = new Backend("new", "10.0.0.2", 80, 100, false, readySince);
    pool.replace(List.of(old, begun), new Balancing(false, false, slowStart, true));
    int share = chosen(1000).getOrDefault("new", 0);
    assertTrue(share > 20 && share < 200, share + " of 1000 to the new one");
  }

  @Test
  void whatIsSaidAnewOfABackendKeepsItsConnections() {
    pool.replace(List.of(of("a", 100, false)));
    Objects.requireNonNull(pool.choose(List.of(), 0, now)).opened();
    pool.replace(List.of(of("a", 50, true)));
    assertEquals(1, Objects.requireNonNull(pool.choose(List.of(), 0, now)).open());
  }

  private Map<Integer, String> byClient() {
    Map<Integer, String> chosen = new HashMap<>();
    for (int client = 0; client < 10_000; client++) {
      BackendLoad load = pool.choose(List.of(), MaglevTable.hash(client), now);
      chosen.put(client, Objects.requireNonNull(load).backend().taskId());
    }
    return chosen;
  }

  private Map<String, Integer> chosen(int times) {
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < times; i++) {
      BackendLoad load = Objects.requireNonNull(pool.choose(List.of(), 0, now));
      counts.merge(load.backend().taskId(), 1, Integer::sum);
    }
    return counts;
  }

  private static Backend of(String id, int weight, boolean local) {
    return new Backend(
        id, "10.0.0." + (2 + Math.floorMod(id.hashCode(), 200)), 80, weight, local, 0);
  }
}
