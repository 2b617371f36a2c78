package io.meshd.cli.service;

import io.meshd.api.Nodes;
import io.meshd.api.Paths;
import io.meshd.api.Services;
import io.meshd.api.Tasks;
import io.meshd.cli.command.Session;
import io.meshd.cli.format.HumanText;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.grammar.FilterSpec;
import io.meshd.cli.http.ApiClient;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Waits until a service runs as it is meant to, and has done so for its monitor period (five
 * seconds): asks every 200 ms, as Docker does. A Ctrl-C ends the waiting and not the operation.
 */
final class Convergence {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration MONITOR = Duration.ofSeconds(5);
  private static final int MAX_BARS = 20;
  private static final int ERROR_WIDTH = 75;
  private static final int LONGEST_STATE = 9;

  private final ApiClient api;
  private final String reference;
  private final Progress progress;
  private final Map<Long, Integer> slotNumbers = new LinkedHashMap<>();
  private boolean drawn;
  private boolean done;
  private boolean rollback;

  private Convergence(ApiClient api, String reference, Progress progress) {
    this.api = api;
    this.reference = reference;
    this.progress = progress;
  }

  /** Returns 0 when it converged; an update that was paused is a {@link Failure}. */
  static int await(Session session, String reference, boolean quiet) {
    Progress progress =
        quiet
            ? new Progress.Silent()
            : session.terminal()
                ? new Progress.Terminal(session.out())
                : new Progress.Plain(session.out());
    Thread onInterrupt =
        new Thread(
            () -> {
              if (!quiet) {
                session.out().println();
                session.out().println("Operation continuing in background.");
                session.out().printf("Use `meshctl service ps %s` to check progress.%n", reference);
                session.out().flush();
              }
              Runtime.getRuntime().halt(0);
            });
    Runtime.getRuntime().addShutdownHook(onInterrupt);
    try {
      new Convergence(session.api(), reference, progress).run();
      return 0;
    } finally {
      try {
        Runtime.getRuntime().removeShutdownHook(onInterrupt);
      } catch (IllegalStateException e) {
        // Already going down: the hook has the last word.
      }
    }
  }

  private void run() {
    boolean converged = false;
    long convergedAt = 0;
    @Nullable String rolledBack = null;
    while (true) {
      Services.Service service =
          api.get(Paths.SERVICES + "/" + ApiClient.encode(reference), Services.Service.class);
      Services.UpdateStatus status = service.updateStatus();
      if (status != null && status.state() != null) {
        String message = status.message() == null ? "" : status.message();
        switch (status.state()) {
          case "updating" -> rollback = false;
          case "completed" -> {
            if (!converged && drawn) {
              return;
            }
          }
          case "paused" -> throw new Failure("service update paused: " + message);
          case "rollback_paused" -> throw new Failure("service rollback paused: " + message);
          case "rollback_started" -> {
            if (!rollback && !message.isEmpty()) {
              progress.show("rollback", message, 0, 0);
            }
            rollback = true;
          }
          case "rollback_completed" -> {
            rolledBack = converged ? rolledBack : message;
            rollback = true;
          }
          default -> {}
        }
      }
      long monitor = monitor(service).toNanos();
      if (converged && System.nanoTime() - convergedAt >= monitor) {
        progress.show("verify", "Service converged", 0, 0);
        if (rolledBack != null) {
          progress.show("rollback", rolledBack, 0, 0);
        }
        return;
      }
      boolean before = converged;
      converged = update(service);
      if (converged) {
        convergedAt = before ? convergedAt : System.nanoTime();
        long wait = Math.max(0, monitor - (System.nanoTime() - convergedAt));
        progress.show(
            "verify",
            "Waiting %d seconds to verify that tasks are stable..."
                .formatted(wait / 1_000_000_000L + 1),
            0,
            0);
      } else if (before) {
        progress.show("verify", "Detected task failure", 0, 0);
      }
      try {
        Thread.sleep(POLL);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private static Duration monitor(Services.Service service) {
    Services.UpdateConfig config = service.spec().updateConfig();
    Long monitor = config == null ? null : config.monitor();
    return monitor == null || monitor == 0 ? MONITOR : Duration.ofNanos(monitor);
  }

  /** Shows where the tasks are; true when all of them run. */
  private boolean update(Services.Service service) {
    List<FilterSpec> filters =
        List.of(new FilterSpec("service", service.id()), new FilterSpec("_up-to-date", "true"));
    String path = ApiClient.filtered(Paths.TASKS, FilterSpec.json(filters));
    List<Tasks.Task> tasks =
        Arrays.stream(api.get(path, Tasks.Task[].class))
            .filter(task -> TaskStates.number(task.desiredState()) > 0)
            .filter(task -> TaskStates.number(task.status().state()) > 0)
            .toList();
    Set<String> active =
        Arrays.stream(api.get(Paths.NODES, Nodes.Node[].class))
            .filter(node -> !node.status().state().equals("down"))
            .map(Nodes.Node::id)
            .collect(Collectors.toSet());
    Services.ServiceMode mode = service.spec().mode();
    Long replicas = mode == null || mode.replicated() == null ? null : mode.replicated().replicas();
    if (mode != null && mode.global() != null) {
      return global(tasks, active);
    }
    return replicated(replicas == null ? 1 : replicas, tasks, active);
  }

  private boolean replicated(long replicas, List<Tasks.Task> tasks, Set<String> active) {
    if (!drawn) {
      overall(0, replicas);
      for (int i = 1; i <= replicas && replicas <= MAX_BARS; i++) {
        progress.show(i + "/" + replicas, " ", 0, 0);
      }
      drawn = true;
    }
    Map<Long, Tasks.Task> bySlot = new TreeMap<>();
    for (Tasks.Task task : tasks) {
      String node = task.nodeId();
      boolean reachable = node == null || node.isEmpty() || active.contains(node);
      Tasks.Task shown = bySlot.get(slot(task));
      if (reachable && (shown == null || TaskStates.replaces(task, shown))) {
        bySlot.put(slot(task), task);
      }
    }
    checkStillDone(bySlot.values());
    long running = 0;
    for (Tasks.Task task : bySlot.values()) {
      int number = slotNumbers.computeIfAbsent(slot(task), s -> slotNumbers.size() + 1);
      running += TaskStates.up(task) ? 1 : 0;
      if (number <= replicas && replicas <= MAX_BARS) {
        showTask(number + "/" + replicas, task);
      }
    }
    return finish(running, replicas);
  }

  private static long slot(Tasks.Task task) {
    Long slot = task.slot();
    return slot == null ? 0 : slot;
  }

  private boolean global(List<Tasks.Task> tasks, Set<String> active) {
    Map<String, Tasks.Task> byNode = new TreeMap<>();
    for (Tasks.Task task : tasks) {
      String node = task.nodeId() == null ? "" : task.nodeId();
      Tasks.Task shown = byNode.get(node);
      if (shown == null || TaskStates.replaces(task, shown)) {
        byNode.put(node, task);
      }
    }
    if (!drawn) {
      if (byNode.isEmpty()) {
        // No tasks made yet, or no node that fits: both can only be waited for.
        progress.show("overall progress", "waiting for new tasks", 0, 0);
        return false;
      }
      overall(0, byNode.size());
      drawn = true;
    }
    checkStillDone(byNode.values());
    long running = 0;
    for (Map.Entry<String, Tasks.Task> entry : byNode.entrySet()) {
      if (active.contains(entry.getKey())) {
        running += TaskStates.up(entry.getValue()) ? 1 : 0;
        if (byNode.size() <= MAX_BARS) {
          showTask(HumanText.shortId(entry.getKey()), entry.getValue());
        }
      }
    }
    return finish(running, byNode.size());
  }

  private void checkStillDone(Iterable<Tasks.Task> tasks) {
    for (Tasks.Task task : tasks) {
      done = done && task.status().state().equals("running");
    }
  }

  private boolean finish(long running, long wanted) {
    if (!done) {
      overall(running, wanted);
      done = running == wanted;
    }
    return running == wanted;
  }

  private void overall(long running, long wanted) {
    progress.show(
        "overall progress",
        "%s%d out of %d tasks".formatted(rollback ? "rolling back update: " : "", running, wanted),
        0,
        0);
  }

  private void showTask(String name, Tasks.Task task) {
    if (done) {
      return;
    }
    String error = task.status().err();
    if (error != null && !error.isEmpty()) {
      progress.show(name, HumanText.ellipsis(error.replace('\n', ' '), ERROR_WIDTH), 0, 0);
    } else if (!TaskStates.ended(task.desiredState()) && !TaskStates.ended(task.status().state())) {
      String state = task.status().state();
      progress.show(
          name,
          state + " ".repeat(Math.max(0, LONGEST_STATE - state.length())),
          TaskStates.number(state),
          TaskStates.RUNNING);
    }
  }
}
