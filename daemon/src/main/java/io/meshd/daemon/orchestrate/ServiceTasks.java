package io.meshd.daemon.orchestrate;

import io.meshd.api.Services;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.ServiceSpecs;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import io.meshd.daemon.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Brings the tasks of one service to what its spec says. */
final class ServiceTasks {
  /** A full network is asked again after this. */
  private static final Duration ADDRESS_RETRY = Duration.ofSeconds(5);

  private final ClusterState state;
  private final ServiceRecord service;
  private final NodePicker picker;
  private final Plan plan;
  private final Slots slots;

  ServiceTasks(ClusterState state, ServiceRecord service, NodePicker picker, Plan plan) {
    this.state = state;
    this.service = service;
    this.picker = picker;
    this.plan = plan;
    this.slots = new Slots(state, service, plan);
  }

  /**
   * @param tasks all of the service that are not to be removed
   */
  void reconcile(List<TaskRecord> tasks) {
    if (ServiceSpecs.global(service.spec())) {
      global(tasks);
    } else {
      replicated(tasks);
    }
  }

  private void replicated(List<TaskRecord> tasks) {
    Map<Long, Slot> bySlot = new TreeMap<>();
    tasks.stream()
        .collect(Collectors.groupingBy(TaskRecord::slot))
        .forEach((number, of) -> bySlot.put(number, slots.sort(number, "", of)));
    scale(bySlot, ServiceSpecs.replicas(service.spec()));
    bySlot.values().stream().flatMap(slot -> slot.live.stream()).forEach(this::schedule);
    for (Slot slot : bySlot.values()) {
      if (slot.vacant() && !slot.finished()) {
        create(slot);
      }
      trimHistory(slot);
    }
    new RollingUpdate(service, plan, this::create).advance(bySlot.values());
  }

  private void create(Slot slot) {
    plan.create(service, slot.number, picker.pick(service));
    slot.created = true;
  }

  /**
   * Missing slots get the lowest free numbers; surplus ones go with all their history, once what
   * they run has drained.
   */
  private void scale(Map<Long, Slot> bySlot, long wanted) {
    for (long number = 1; bySlot.size() < wanted; number++) {
      bySlot.putIfAbsent(number, new Slot(number, "", List.of()));
    }
    long surplus = bySlot.size() - wanted;
    leaveFirst(bySlot.values()).stream()
        .limit(surplus)
        .toList()
        .forEach(
            slot -> {
              slot.tasks.forEach(
                  task ->
                      plan.end(task, slots.drains(task) ? TaskState.SHUTDOWN : TaskState.REMOVE));
              bySlot.remove(slot.number);
            });
  }

  /**
   * Which slots go first, as in Swarm: those that run nothing, then those on the nodes with the
   * most tasks of the service, then the highest numbers.
   */
  private static List<Slot> leaveFirst(Collection<Slot> all) {
    Map<String, Integer> onNode = new HashMap<>();
    Map<Slot, Integer> rank = new HashMap<>();
    for (Slot slot : all) {
      String nodeId = slot.running() ? slot.live.getFirst().nodeId() : "";
      // The nth task of its node: the most crowded nodes have the highest n.
      rank.put(slot, nodeId.isEmpty() ? Integer.MAX_VALUE : onNode.merge(nodeId, 1, Integer::sum));
    }
    return all.stream()
        .sorted(
            Comparator.<Slot>comparingInt(slot -> rank.getOrDefault(slot, 0))
                .thenComparingLong(slot -> slot.number)
                .reversed())
        .toList();
  }

  private void global(List<TaskRecord> tasks) {
    Map<String, List<TaskRecord>> byNode =
        tasks.stream().collect(Collectors.groupingBy(TaskRecord::nodeId));
    Map<String, Slot> all = new TreeMap<>();
    byNode.forEach(
        (nodeId, of) -> {
          if (nodeId.isEmpty() || state.nodes().containsKey(nodeId)) {
            all.put(nodeId, slots.sort(0, nodeId, of));
          } else {
            of.forEach(task -> plan.end(task, TaskState.REMOVE));
          }
        });
    Slot homeless = all.remove("");
    Deque<TaskRecord> pending = new ArrayDeque<>(homeless == null ? List.of() : homeless.live);
    for (NodeRecord node : picker.eligible(service)) {
      Slot slot = all.computeIfAbsent(node.id(), id -> new Slot(0, id, List.of()));
      if (!slot.vacant() || slot.finished()) {
        continue;
      }
      if (pending.isEmpty()) {
        create(slot, node);
      } else {
        TaskRecord task = pending.removeFirst();
        slot.created = true;
        offer(task, picker.pick(service, node));
      }
    }
    // A node went before a task that waited for an address could have it.
    pending.forEach(task -> plan.end(task, TaskState.REMOVE));
    if (homeless != null) {
      homeless.tasks.stream()
          .filter(task -> task.status().state().terminal())
          .forEach(task -> plan.end(task, TaskState.REMOVE));
    }
    all.values().forEach(this::trimHistory);
    List<Slot> inUse =
        all.values().stream().filter(slot -> !slot.vacant() || slot.finished()).toList();
    new RollingUpdate(service, plan, this::createGlobal).advance(inUse);
  }

  private void createGlobal(Slot slot) {
    NodeRecord node = state.nodes().get(slot.nodeId);
    if (node != null) {
      create(slot, node);
    }
  }

  private void create(Slot slot, NodeRecord node) {
    NodePicker.Choice choice = picker.pick(service, node);
    // Without its node a global task means nothing: it is made when the node can have it.
    if (!choice.nodeId().isEmpty()) {
      plan.create(service, 0, choice);
      slot.created = true;
    }
  }

  private void schedule(TaskRecord task) {
    if (task.nodeId().isEmpty()) {
      offer(task, picker.pick(service));
    }
  }

  private void offer(TaskRecord task, NodePicker.Choice choice) {
    if (choice.nodeId().isEmpty()) {
      plan.explain(task, choice.why());
      return;
    }
    if (waitsForAddress(task)) {
      Instant retry = Times.parse(task.updatedAt(), plan.now()).plus(ADDRESS_RETRY);
      if (retry.isAfter(plan.now())) {
        plan.wakeAt(retry);
        return;
      }
    }
    plan.assign(task, choice.nodeId());
  }

  private static boolean waitsForAddress(TaskRecord task) {
    String err = task.status().err();
    return task.attachments().isEmpty() && err != null && err.startsWith("no available IPv4");
  }

  /**
   * At most as many tasks per slot as the cluster keeps, the running one included; one more than
   * the restarts that the policy counts.
   */
  private void trimHistory(Slot slot) {
    ClusterRecord cluster = state.cluster();
    Services.RestartPolicy policy = service.spec().taskTemplate().restartPolicy();
    long attempts = policy == null || policy.maxAttempts() == null ? 0 : policy.maxAttempts();
    long limit = cluster == null ? 0 : cluster.taskHistoryLimit();
    if (attempts == 0 && limit < 0) {
      return;
    }
    long keep = attempts > 0 ? attempts + 1 : limit;
    List<TaskRecord> past = new ArrayList<>(slot.tasks.reversed());
    past.removeIf(
        task ->
            !task.status().state().terminal()
                || task.desiredState().compareTo(TaskState.RUNNING) <= 0
                || (slot.finished() && task.equals(slot.newest())));
    past.stream().limit(Math.max(0, slot.tasks.size() - keep)).forEach(plan::delete);
  }
}
