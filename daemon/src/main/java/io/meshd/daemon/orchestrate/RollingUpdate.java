package io.meshd.daemon.orchestrate;

import io.meshd.api.Services;
import io.meshd.daemon.state.RestartTiming;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import io.meshd.daemon.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Replaces out-of-date tasks, a few slots at a time.
 *
 * <p>A slot is busy from the moment its old task is told to end until its new one has run for the
 * update's delay; as many slots are busy at once as the parallelism allows. Everything is read off
 * the state, so another leader goes on where the last one stopped.
 */
final class RollingUpdate {
  /** Swarm's default for the time after an update in which a failure still counts. */
  private static final Duration DEFAULT_MONITOR = Duration.ofSeconds(5);

  private final ServiceRecord service;
  private final Plan plan;
  private final Consumer<Slot> create;
  private final Services.UpdateConfig config;
  private final String status;

  /**
   * @param create makes a task for a slot
   */
  RollingUpdate(ServiceRecord service, Plan plan, Consumer<Slot> create) {
    this.service = service;
    this.plan = plan;
    this.create = create;
    Services.UpdateStatus old = service.updateStatus();
    status = old == null || old.state() == null ? "" : old.state();
    Services.UpdateConfig chosen =
        rollingBack() ? service.spec().rollbackConfig() : service.spec().updateConfig();
    config = chosen == null ? new Services.UpdateConfig(1L, null, null, null, null, null) : chosen;
  }

  private boolean rollingBack() {
    return status.startsWith("rollback");
  }

  void advance(Collection<Slot> slots) {
    boolean active = status.equals("updating") || status.equals("rollback_started");
    if (active && stoppedByFailure(slots)) {
      return;
    }
    slots.forEach(this::dropReplaced);
    List<Slot> outdated = slots.stream().filter(this::outdated).toList();
    boolean paused = status.endsWith("paused");
    if (outdated.isEmpty() || paused) {
      if (active && outdated.isEmpty()) {
        complete(slots);
      }
      return;
    }
    if (!active) {
      plan.updateStatus(service, "updating", "update in progress", false);
    }
    long parallelism = config.parallelism() == null ? 1 : config.parallelism();
    long free =
        parallelism == 0
            ? outdated.size()
            : parallelism - slots.stream().filter(this::busy).count();
    outdated.stream().limit(Math.max(0, free)).forEach(this::replace);
  }

  private boolean outdated(Slot slot) {
    if (slot.waiting || slot.created) {
      return false;
    }
    if (slot.live.isEmpty()) {
      return slot.finished() && !Slots.current(service, slot.newest());
    }
    return slot.live.stream().noneMatch(task -> Slots.current(service, task));
  }

  private void replace(Slot slot) {
    if (startFirst() || slot.live.isEmpty()) {
      // What an earlier update made and never came to run is not waited for, nor scheduled later.
      for (TaskRecord task : new ArrayList<>(slot.live)) {
        if (task.status().state() != TaskState.RUNNING) {
          plan.end(task, TaskState.SHUTDOWN);
          slot.live.remove(task);
        }
      }
      create.accept(slot);
      return;
    }
    for (TaskRecord task : slot.live) {
      plan.end(task, TaskState.SHUTDOWN);
    }
    // One that no node has is over at once; the others are followed when they have ended.
    slot.live.clear();
  }

  private boolean startFirst() {
    return "start-first".equals(config.order());
  }

  /**
   * With start-first: once the new task runs, the old one goes. Without, at once: an update that
   * began with start-first may have left both, the new one waiting for what the old one holds.
   */
  private void dropReplaced(Slot slot) {
    Optional<TaskRecord> keep =
        slot.live.stream()
            .filter(task -> Slots.current(service, task))
            .filter(task -> !startFirst() || task.status().state() == TaskState.RUNNING)
            .min(Comparator.comparing(task -> task.status().state() != TaskState.RUNNING));
    if (keep.isEmpty()) {
      return;
    }
    for (TaskRecord task : new ArrayList<>(slot.live)) {
      if (!task.id().equals(keep.get().id())) {
        plan.end(task, TaskState.SHUTDOWN);
        slot.live.remove(task);
      }
    }
  }

  private boolean busy(Slot slot) {
    if (slot.created) {
      return true;
    }
    if (slot.live.isEmpty()) {
      return slot.waiting ? Slots.current(service, slot.newest()) : !slot.finished();
    }
    return slot.live.stream()
        .filter(task -> Slots.current(service, task))
        .anyMatch(task -> !settled(task, delay()));
  }

  /** Running for that long by the leader's clock. */
  private boolean settled(TaskRecord task, Duration time) {
    if (task.status().state() != TaskState.RUNNING) {
      return false;
    }
    Instant until = Times.parse(task.updatedAt(), plan.now()).plus(time);
    if (until.isAfter(plan.now())) {
      plan.wakeAt(until);
      return false;
    }
    return true;
  }

  private Duration delay() {
    return config.delay() == null ? Duration.ZERO : Duration.ofNanos(config.delay());
  }

  private void complete(Collection<Slot> slots) {
    Duration monitor =
        config.monitor() == null ? DEFAULT_MONITOR : Duration.ofNanos(config.monitor());
    boolean settled = true;
    for (Slot slot : slots) {
      settled &= !slot.created && (slot.finished() || !slot.live.isEmpty());
      for (TaskRecord task : slot.live) {
        settled &= settled(task, monitor);
      }
    }
    if (settled) {
      plan.updateStatus(
          service,
          rollingBack() ? "rollback_completed" : "completed",
          rollingBack() ? "rollback completed" : "update completed",
          true);
    }
  }

  /** Made by this update: after a rollback, tasks of earlier days are up to date as well. */
  private boolean sinceStart(TaskRecord task) {
    Services.UpdateStatus update = service.updateStatus();
    Instant started =
        update == null || update.startedAt() == null
            ? Instant.MIN
            : Times.parse(update.startedAt(), plan.now());
    return !Times.parse(task.createdAt(), plan.now()).isBefore(started);
  }

  /** Too many new tasks ended by themselves: pause, or go back. */
  private boolean stoppedByFailure(Collection<Slot> slots) {
    if ("continue".equals(config.failureAction())) {
      return false;
    }
    List<TaskRecord> failed =
        slots.stream()
            .flatMap(slot -> slot.tasks.stream())
            .filter(task -> Slots.current(service, task))
            .filter(RestartTiming::endedByItself)
            .filter(this::sinceStart)
            .sorted(Slot.NEWEST_FIRST)
            .toList();
    double most = config.maxFailureRatio() == null ? 0 : config.maxFailureRatio();
    if (failed.isEmpty() || (double) failed.size() / Math.max(1, slots.size()) <= most) {
      return false;
    }
    String cause = "due to failure or early termination of task " + failed.getFirst().id();
    Services.ServiceSpec previous = service.previousSpec();
    if (rollingBack()) {
      plan.updateStatus(service, "rollback_paused", "rollback paused " + cause, false);
    } else if ("rollback".equals(config.failureAction()) && previous != null) {
      plan.rollBack(service, previous, "update rolled back " + cause);
    } else {
      plan.updateStatus(service, "paused", "update paused " + cause, false);
    }
    return true;
  }
}
