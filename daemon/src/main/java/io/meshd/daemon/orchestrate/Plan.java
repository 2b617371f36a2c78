package io.meshd.daemon.orchestrate;

import io.meshd.api.Services;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import io.meshd.daemon.state.Times;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What one look at a state led to, gathered into few commands, and when to look again. */
final class Plan {
  private final Instant now;
  private final String at;
  private final Ids ids;
  private final TreeSet<String> deletes = new TreeSet<>();
  private final Map<TaskState, TreeSet<String>> desired = new EnumMap<>(TaskState.class);
  private final Map<String, List<Command.NewTask>> creates = new LinkedHashMap<>();
  private final List<Command.Assignment> assignments = new ArrayList<>();
  private final List<Command.Report> reports = new ArrayList<>();
  private final List<Command> others = new ArrayList<>();
  private @Nullable Instant wakeAt;

  Plan(Instant now, Ids ids) {
    this.now = now;
    this.at = Times.format(now);
    this.ids = ids;
  }

  Instant now() {
    return now;
  }

  void delete(TaskRecord task) {
    deletes.add(task.id());
  }

  void end(TaskRecord task, TaskState state) {
    if (task.desiredState().compareTo(state) < 0) {
      desired.computeIfAbsent(state, key -> new TreeSet<>()).add(task.id());
    }
  }

  void create(ServiceRecord service, long slot, NodePicker.Choice choice) {
    creates
        .computeIfAbsent(service.id(), key -> new ArrayList<>())
        .add(
            new Command.NewTask(
                ids.next(), slot, choice.nodeId(), TaskState.RUNNING, choice.why()));
  }

  void assign(TaskRecord task, String nodeId) {
    assignments.add(new Command.Assignment(task.id(), nodeId));
  }

  /** Why a task still has no node; nothing when that is known. */
  void explain(TaskRecord task, @Nullable String why) {
    if (why != null && !why.equals(task.status().err())) {
      reports.add(
          new Command.Report(
              task.id(),
              new TaskRecord.Status(
                  TaskState.PENDING, at, "pending task scheduling", why, null, null)));
    }
  }

  void updateStatus(ServiceRecord service, String state, String message, boolean done) {
    Services.UpdateStatus old = service.updateStatus();
    others.add(
        new Command.SetUpdateStatus(
            at,
            service.id(),
            new Services.UpdateStatus(
                state,
                old == null || old.startedAt() == null ? at : old.startedAt(),
                done ? at : null,
                message)));
  }

  void rollBack(ServiceRecord service, Services.ServiceSpec previous, String why) {
    others.add(new Command.UpdateService(at, service.id(), service.version(), previous, why));
  }

  /** Look again then at the latest. */
  void wakeAt(Instant instant) {
    if (wakeAt == null || instant.isBefore(wakeAt)) {
      wakeAt = instant;
    }
  }

  Decision decision() {
    List<Command> commands = new ArrayList<>();
    if (!deletes.isEmpty()) {
      commands.add(new Command.RemoveTasks(at, List.copyOf(deletes)));
    }
    desired.forEach(
        (state, tasks) -> commands.add(new Command.SetDesiredState(at, List.copyOf(tasks), state)));
    creates.forEach(
        (service, tasks) -> commands.add(new Command.CreateTasks(at, service, List.copyOf(tasks))));
    if (!assignments.isEmpty()) {
      commands.add(new Command.AssignTasks(at, List.copyOf(assignments)));
    }
    if (!reports.isEmpty()) {
      commands.add(new Command.ReportTasks(at, List.copyOf(reports)));
    }
    commands.addAll(others);
    return new Decision(List.copyOf(commands), wakeAt);
  }

  /**
   * @param wakeAt when time alone changes the answer, or null
   */
  record Decision(List<Command> commands, @Nullable Instant wakeAt) {}
}
