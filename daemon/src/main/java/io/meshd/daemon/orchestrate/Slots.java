package io.meshd.daemon.orchestrate;

import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Constraint;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.RestartTiming;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import io.meshd.daemon.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sorts the tasks of a slot, and ends those whose node can no longer have them. */
final class Slots {
  /** What follows a task that does not end waits no longer (swarmkit's defaultOldTaskTimeout). */
  static final Duration LONGEST_STOP = Duration.ofMinutes(1);

  private final ClusterState state;
  private final ServiceRecord service;
  private final Plan plan;

  Slots(ClusterState state, ServiceRecord service, Plan plan) {
    this.state = state;
    this.service = service;
    this.plan = plan;
  }

  Slot sort(long number, String nodeId, List<TaskRecord> tasks) {
    Slot slot = new Slot(number, nodeId, tasks);
    for (TaskRecord task : slot.tasks) {
      boolean ended = task.status().state().terminal();
      boolean toRun = task.desiredState().compareTo(TaskState.RUNNING) <= 0;
      if (toRun && !ended) {
        keepOrEvict(slot, task);
      } else if (toRun && task.status().state() == TaskState.ORPHANED) {
        plan.end(task, TaskState.SHUTDOWN);
      } else if (toRun) {
        slot.ended.add(task);
      } else if (!ended && reachable(task)) {
        stop(slot, task);
      }
    }
    judgeEnded(slot);
    return slot;
  }

  private void keepOrEvict(Slot slot, TaskRecord task) {
    if (task.nodeId().isEmpty() || mayStay(task)) {
      slot.live.add(task);
      return;
    }
    plan.end(task, TaskState.SHUTDOWN);
    if (reachable(task)) {
      slot.stopping.add(task);
    }
  }

  /** It has connections that may end well. */
  boolean drains(TaskRecord task) {
    return task.status().state() == TaskState.RUNNING && reachable(task);
  }

  /** On a node that is gone, nobody knows; it is not waited for. */
  private boolean reachable(TaskRecord task) {
    NodeRecord node = state.nodes().get(task.nodeId());
    return node != null && node.status() != NodeRecord.NodeState.DOWN;
  }

  private boolean mayStay(TaskRecord task) {
    NodeRecord node = state.nodes().get(task.nodeId());
    return node != null
        && node.status() != NodeRecord.NodeState.DOWN
        && !node.spec().availability().equals("drain")
        && Constraint.allMatch(NodePicker.constraints(service), node);
  }

  private void stop(Slot slot, TaskRecord task) {
    Instant until = Times.parse(task.updatedAt(), plan.now()).plus(LONGEST_STOP);
    if (until.isAfter(plan.now())) {
      slot.stopping.add(task);
      plan.wakeAt(until);
    }
  }

  /**
   * A task that ended by itself is followed by another when the policy says so, after its delay.
   */
  private void judgeEnded(Slot slot) {
    for (TaskRecord task : slot.ended) {
      TaskRecord newest = slot.newest();
      if (newest == null || !task.id().equals(newest.id())) {
        plan.end(task, TaskState.SHUTDOWN);
      } else if (!RestartTiming.allowed(slot.tasks, plan.now())) {
        plan.end(task, TaskState.COMPLETE);
        slot.waiting = true;
      } else {
        Instant due = due(slot, task);
        if (due.isAfter(plan.now())) {
          plan.wakeAt(due);
          slot.waiting = true;
        } else {
          plan.end(task, TaskState.SHUTDOWN);
        }
      }
    }
  }

  /** By the leader's clock; at once when the task goes elsewhere anyway. */
  private Instant due(Slot slot, TaskRecord task) {
    if (!mayStay(task)) {
      return plan.now();
    }
    return Times.parse(task.updatedAt(), plan.now())
        .plus(RestartTiming.delay(slot.tasks, plan.now()));
  }

  static boolean current(ServiceRecord service, @Nullable TaskRecord task) {
    return task != null && task.specVersion() == service.specVersion();
  }
}
