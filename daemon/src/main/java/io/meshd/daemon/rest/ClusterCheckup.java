package io.meshd.daemon.rest;

import io.meshd.api.Checkups;
import io.meshd.api.Checkups.Checkup;
import io.meshd.api.Checkups.Finding;
import io.meshd.api.Checkups.Result;
import io.meshd.daemon.rest.ClockSkew.Reading;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.NodeRecord.NodeState;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * All nodes examined, at the same time, from the leader; whoever cannot be asked is a finding. The
 * clocks are compared before, while nothing else is under way.
 */
final class ClusterCheckup {
  private static final long APART_MILLIS = 1000;
  private static final int READINGS = 3;

  private final ClusterState state;
  private final String self;
  private final SelfExamination.TimeOf times;
  private final Examined examined;
  private final Clock clock;
  private final List<Finding> findings = new ArrayList<>();

  /** Asks a node to examine itself. */
  @FunctionalInterface
  interface Examined {
    /**
     * @throws IOException in words when it does not answer
     */
    Checkup of(NodeRecord node) throws IOException, InterruptedException;
  }

  ClusterCheckup(
      ClusterState state,
      String self,
      SelfExamination.TimeOf times,
      Examined examined,
      Clock clock) {
    this.state = state;
    this.self = self;
    this.times = times;
    this.examined = examined;
    this.clock = clock;
  }

  Checkup run() throws InterruptedException {
    List<NodeRecord> all =
        state.nodes().values().stream()
            .sorted(Comparator.comparing(NodeRecord::hostname).thenComparing(NodeRecord::id))
            .toList();
    List<NodeRecord> up = clocks(all.stream().filter(this::isUp).toList());
    List<FutureTask<Checkup>> running =
        up.stream().map(node -> begin(() -> examined.of(node))).toList();
    List<String> answered = new ArrayList<>();
    List<Finding> said = new ArrayList<>();
    for (int i = 0; i < up.size(); i++) {
      NodeRecord node = up.get(i);
      try {
        said.addAll(running.get(i).get().findings());
        answered.add(node.hostname());
        add(node, "nodes", Result.OK, "answers", null);
      } catch (ExecutionException e) {
        silent(node, words(e));
      }
    }
    findings.addAll(said);
    findings.sort(Comparator.comparing(Finding::node)); // each node's in the order of its checks
    return new Checkup(answered, List.copyOf(findings));
  }

  private boolean isUp(NodeRecord node) {
    if (node.id().equals(self) || node.status() == NodeState.READY) {
      return true;
    }
    silent(
        node,
        "it is %s, and was not asked".formatted(node.status().name().toLowerCase(Locale.ROOT)));
    return false;
  }

  private void silent(NodeRecord node, String text) {
    add(
        node,
        "nodes",
        Result.ERROR,
        text,
        "see that it runs, and then `meshctl doctor --local` there; one that is gone for good:"
            + " `meshctl node rm --force`");
  }

  private static String words(ExecutionException e) {
    Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
    return "it could not be asked: " + Objects.requireNonNullElse(cause.getMessage(), "" + cause);
  }

  private static <T> FutureTask<T> begin(Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    Thread.ofVirtual().name("doctor").start(task);
    return task;
  }

  /** Returns those that answer. */
  private List<NodeRecord> clocks(List<NodeRecord> up) throws InterruptedException {
    List<FutureTask<Reading>> asking = up.stream().map(node -> begin(() -> reading(node))).toList();
    Map<NodeRecord, Reading> readings = new LinkedHashMap<>();
    for (int i = 0; i < up.size(); i++) {
      try {
        readings.put(up.get(i), asking.get(i).get());
      } catch (ExecutionException e) {
        silent(up.get(i), words(e));
      }
    }
    long agreed = ClockSkew.agreed(readings.values());
    readings.forEach((node, reading) -> clock(node, reading.ahead() - agreed, reading.doubt()));
    return List.copyOf(readings.keySet());
  }

  private void clock(NodeRecord node, long ahead, long doubt) {
    if (Math.abs(ahead) - doubt <= APART_MILLIS) {
      add(node, "clock", Result.OK, "with the others' within %d ms".formatted(doubt + 1), null);
      return;
    }
    add(
        node,
        "clock",
        Result.WARNING,
        "its clock is %.1f s %s the others'"
            .formatted(Math.abs(ahead) / 1000.0, ahead > 0 ? "ahead of" : "behind"),
        "have its time kept (`timedatectl set-ntp true`, chrony): certificates begin and end by it");
  }

  /** The quickest of a few. */
  private Reading reading(NodeRecord node) throws IOException, InterruptedException {
    if (node.id().equals(self)) {
      return new Reading(0, 0, 0);
    }
    Reading best = readOnce(node);
    for (int i = 1; i < READINGS; i++) {
      Reading next = readOnce(node);
      best = next.doubt() < best.doubt() ? next : best;
    }
    return best;
  }

  private Reading readOnce(NodeRecord node) throws IOException, InterruptedException {
    long sent = clock.millis();
    Checkups.Time time = times.ask(node, 0);
    return new Reading(sent, time.unixMillis(), clock.millis());
  }

  private void add(
      NodeRecord node, String check, Result result, String text, @Nullable String mend) {
    findings.add(new Finding(node.hostname(), check, result, text, mend));
  }
}
