package io.meshd.daemon.state;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Tasks. A task has its addresses from the moment it is made (or, on a full network, from when it
 * is assigned) until it is terminal; a terminal task holds none.
 */
final class TaskTransitions {
  private TaskTransitions() {}

  static String create(Draft draft, Command.CreateTasks command) {
    ServiceRecord service = draft.services.get(command.serviceId());
    if (service == null) {
      throw Refusal.notFound("service", command.serviceId());
    }
    List<NetworkRecord> networks = ServiceAddresses.taskNetworks(draft, service.spec());
    for (Command.NewTask task : command.tasks()) {
      if (draft.tasks.containsKey(task.id())) {
        throw new Refusal(Outcome.Reason.ALREADY_EXISTS, "task " + task.id() + " already exists");
      }
      if (!task.nodeId().isEmpty() && !draft.nodes.containsKey(task.nodeId())) {
        throw Refusal.notFound("node", task.nodeId());
      }
      Placed placed = place(draft, networks, task.nodeId(), task.message());
      draft.tasks =
          draft.tasks.plus(
              task.id(),
              new TaskRecord(
                  task.id(),
                  draft.version(),
                  draft.at(),
                  draft.at(),
                  service.id(),
                  service.name(),
                  task.slot(),
                  placed.nodeId,
                  service.spec().taskTemplate(),
                  service.specVersion(),
                  task.desiredState(),
                  placed.status,
                  placed.attachments,
                  service.registryAuth()));
    }
    return "";
  }

  private record Placed(String nodeId, TaskRecord.Status status, List<Attachment> attachments) {}

  /** On the node with all addresses, or pending without any. */
  private static Placed place(
      Draft draft, List<NetworkRecord> networks, String nodeId, @Nullable String why) {
    List<Attachment> attachments = new ArrayList<>();
    for (NetworkRecord network : networks) {
      Optional<Attachment> attachment = draft.attach(network);
      if (attachment.isEmpty()) {
        return new Placed("", pending(draft, Draft.exhausted(network)), List.of());
      }
      attachments.add(attachment.get());
    }
    TaskRecord.Status status = nodeId.isEmpty() ? pending(draft, why) : assigned(draft);
    return new Placed(nodeId, status, List.copyOf(attachments));
  }

  private static TaskRecord.Status pending(Draft draft, @Nullable String why) {
    return new TaskRecord.Status(
        TaskState.PENDING, draft.at(), "pending task scheduling", why, null, null);
  }

  private static TaskRecord.Status assigned(Draft draft) {
    return new TaskRecord.Status(
        TaskState.ASSIGNED, draft.at(), "scheduler assigned task to node", null, null, null);
  }

  /** Assignments that no longer fit (the task or the node went away meanwhile) are left out. */
  static String assign(Draft draft, Command.AssignTasks command) {
    for (Command.Assignment assignment : command.assignments()) {
      TaskRecord task = draft.tasks.get(assignment.taskId());
      if (task == null
          || !task.nodeId().isEmpty()
          || task.status().state().terminal()
          || task.desiredState().compareTo(TaskState.RUNNING) > 0
          || !draft.nodes.containsKey(assignment.nodeId())) {
        continue;
      }
      ServiceRecord service = draft.services.get(task.serviceId());
      if (service == null) {
        continue;
      }
      Placed placed =
          task.attachments().isEmpty()
              ? place(
                  draft,
                  ServiceAddresses.taskNetworks(draft, service.spec()),
                  assignment.nodeId(),
                  null)
              : new Placed(assignment.nodeId(), assigned(draft), task.attachments());
      put(draft, task, placed.nodeId, task.desiredState(), placed.status, placed.attachments);
    }
    return "";
  }

  static String setDesiredState(Draft draft, Command.SetDesiredState command) {
    for (String id : command.taskIds()) {
      TaskRecord task = draft.tasks.get(id);
      if (task != null) {
        end(draft, task, command.desiredState());
      }
    }
    return "";
  }

  /** Desired states only go forward. A task that no node has will never run: it ends here. */
  static void end(Draft draft, TaskRecord task, TaskState desired) {
    if (task.desiredState().compareTo(desired) >= 0) {
      return;
    }
    boolean never =
        desired.compareTo(TaskState.RUNNING) > 0
            && task.nodeId().isEmpty()
            && !task.status().state().terminal();
    TaskRecord.Status status =
        never
            ? new TaskRecord.Status(
                TaskState.SHUTDOWN, draft.at(), "never assigned", null, null, null)
            : task.status();
    put(draft, task, task.nodeId(), desired, status, never ? List.of() : task.attachments());
  }

  static void orphan(Draft draft, TaskRecord task) {
    TaskRecord.Status status =
        new TaskRecord.Status(
            TaskState.ORPHANED,
            draft.at(),
            "Task belonged to a node that has been deleted",
            null,
            null,
            null);
    put(draft, task, task.nodeId(), task.desiredState(), status, List.of());
  }

  static void authorize(Draft draft, TaskRecord task, @Nullable RegistryAuth registryAuth) {
    put(
        draft,
        task.with(registryAuth),
        task.nodeId(),
        task.desiredState(),
        task.status(),
        task.attachments());
  }

  static void detach(Draft draft, TaskRecord task, String networkId) {
    List<Attachment> attachments =
        task.attachments().stream().filter(a -> !a.networkId().equals(networkId)).toList();
    put(draft, task, task.nodeId(), task.desiredState(), task.status(), attachments);
  }

  /** Reports about the past, in which the task was less far, are left out. */
  static String report(Draft draft, Command.ReportTasks command) {
    for (Command.Report report : command.reports()) {
      TaskRecord task = draft.tasks.get(report.taskId());
      if (task != null && news(task, report.status())) {
        put(
            draft,
            task,
            task.nodeId(),
            task.desiredState(),
            report.status(),
            report.status().state().terminal() ? List.of() : task.attachments());
      }
    }
    return "";
  }

  private static boolean news(TaskRecord task, TaskRecord.Status status) {
    TaskRecord.Status old = task.status();
    if (old.state().terminal() || status.state().compareTo(old.state()) < 0) {
      return false;
    }
    // Without a node, only the scheduler has something to say: why it waits.
    if (task.nodeId().isEmpty() && status.state() != TaskState.PENDING) {
      return false;
    }
    return status.state() != old.state()
        || !Objects.equals(status.message(), old.message())
        || !Objects.equals(status.err(), old.err())
        || !Objects.equals(status.pid(), old.pid())
        || !Objects.equals(status.exitCode(), old.exitCode())
        || !Objects.equals(status.hostPorts(), old.hostPorts())
        || !Objects.equals(status.containerId(), old.containerId())
        || !Objects.equals(status.imageId(), old.imageId());
  }

  static String remove(Draft draft, Command.RemoveTasks command) {
    draft.tasks = draft.tasks.minusAll(command.taskIds());
    return "";
  }

  private static void put(
      Draft draft,
      TaskRecord old,
      String nodeId,
      TaskState desired,
      TaskRecord.Status status,
      List<Attachment> attachments) {
    draft.tasks =
        draft.tasks.plus(
            old.id(),
            new TaskRecord(
                old.id(),
                draft.version(),
                old.createdAt(),
                draft.at(),
                old.serviceId(),
                old.serviceName(),
                old.slot(),
                nodeId,
                old.spec(),
                old.specVersion(),
                desired,
                status,
                attachments,
                status.state().terminal() ? null : old.registryAuth()));
  }
}
