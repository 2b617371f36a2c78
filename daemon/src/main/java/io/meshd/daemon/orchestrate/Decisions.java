package io.meshd.daemon.orchestrate;

import io.meshd.daemon.command.Ids;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the leader does about a state: a function of the state and the time. */
final class Decisions {
  private Decisions() {}

  /** Commands in the order in which they are to be proposed; none when all is as it should be. */
  static Plan.Decision decide(ClusterState state, Instant now, Ids ids) {
    Plan plan = new Plan(now, ids);
    if (state.cluster() == null) {
      return plan.decision();
    }
    Map<String, List<TaskRecord>> byService = new HashMap<>();
    state.tasks().values().stream()
        .sorted(Comparator.comparing(TaskRecord::id))
        .forEach(
            task -> {
              if (task.desiredState() == TaskState.REMOVE) {
                reap(state, task, plan);
              } else if (!state.services().containsKey(task.serviceId())) {
                plan.end(task, TaskState.REMOVE);
              } else {
                byService.computeIfAbsent(task.serviceId(), id -> new ArrayList<>()).add(task);
              }
            });
    NodePicker picker = new NodePicker(state);
    state.services().values().stream()
        .sorted(Comparator.comparing(ServiceRecord::createdAt).thenComparing(ServiceRecord::id))
        .forEach(
            service ->
                new ServiceTasks(state, service, picker, plan)
                    .reconcile(byService.getOrDefault(service.id(), List.of())));
    return plan.decision();
  }

  /** A task that is to go is gone when its node said so, or can no longer say anything. */
  private static void reap(ClusterState state, TaskRecord task, Plan plan) {
    NodeRecord node = state.nodes().get(task.nodeId());
    if (task.status().state().terminal()
        || node == null
        || node.status() == NodeRecord.NodeState.DOWN) {
      plan.delete(task);
    }
  }
}
