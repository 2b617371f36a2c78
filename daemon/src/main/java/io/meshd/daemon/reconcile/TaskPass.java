package io.meshd.daemon.reconcile;

import io.meshd.daemon.linux.Problems;
import io.meshd.daemon.peers.Presence;
import io.meshd.daemon.peers.Presence.Answers;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import io.meshd.daemon.tasks.DesiredTask;
import io.meshd.daemon.tasks.TaskRuntime;
import io.meshd.daemon.tasks.TaskStatus;
import io.meshd.dataplane.Dataplane;
import io.meshd.dataplane.TapAttachment;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The steps of a pass that are about this node's tasks, in the order in which they are taken. */
final class TaskPass {
  /** Where published ports lead: the interface of the task's first attachment. */
  private static final String FIRST_OVERLAY = "eth0";

  private static final Duration UNANSWERED = Duration.ofSeconds(2);

  private final String nodeId;
  private final Dataplane dataplane;
  private final TaskRuntime tasks;
  private final TaskReports reports;
  private final ReplyPaths replyPaths;

  /** Tasks whose TAPs were attached and addressed in this run of the daemon. */
  private final Set<String> connected = new HashSet<>();

  /** Those whose replies find their way: before that nobody is to ask them. */
  private final Set<String> led = new HashSet<>();

  TaskPass(
      String nodeId,
      Dataplane dataplane,
      TaskRuntime tasks,
      TaskReports reports,
      ReplyPaths replyPaths) {
    this.nodeId = nodeId;
    this.dataplane = dataplane;
    this.tasks = tasks;
    this.reports = reports;
    this.replyPaths = replyPaths;
  }

  /** 1. Ends what is not to run here any more; returns before it has ended. */
  void stop(ClusterState state, boolean stale) {
    for (String id : tasks.ids()) {
      TaskRecord record = state.tasks().get(id);
      if (record == null || !record.nodeId().equals(nodeId)) {
        if (!stale && !younger(id, state)) {
          tasks.stop(id);
        }
      } else if (drains(record, state) && forwardedFor(id)) {
        tasks.drain(id);
      } else if (!record.reachable()) {
        tasks.stop(id);
      }
    }
  }

  /** Somebody may have connections to it, and others of its service take the new ones. */
  private static boolean drains(TaskRecord record, ClusterState state) {
    ServiceRecord service = state.services().get(record.serviceId());
    return record.desiredState() == TaskState.SHUTDOWN
        && service != null
        && (!record.attachments().isEmpty() || !service.ports().isEmpty());
  }

  /**
   * Whether this node forwards for a task of its own: while it may run here, and while it drains or
   * is being ended. One that was replaced while no daemon was here gets no TAP any more.
   */
  boolean hasPlaceHere(TaskRecord task) {
    TaskStatus status = tasks.status(task.id());
    if (status != null && status.phase().terminal()) {
      return false;
    }
    return task.reachable() || (status != null && forwardedFor(task.id()));
  }

  /** By this run of the daemon, or by an earlier one that had begun to drain it. */
  private boolean forwardedFor(String id) {
    return connected.contains(id) || tasks.drains(id);
  }

  /** 2. Makes new tasks' namespaces and gives every task its interfaces. */
  void connect(ClusterState state, boolean stale) throws IOException {
    Problems problems = new Problems();
    for (TaskRecord record : state.tasks().values()) {
      boolean stays = record.reachable() || (record.draining() && tasks.drains(record.id()));
      if (record.nodeId().equals(nodeId) && stays) {
        problems.attempt(() -> connect(record, state, stale));
      }
    }
    problems.throwIfAny();
  }

  private void connect(TaskRecord record, ClusterState state, boolean stale) throws IOException {
    DesiredTask task = tasks.task(record.id());
    if (task == null) {
      if (stale) {
        return;
      }
      String refusal = DesiredTasks.refusal(record);
      if (refusal != null) {
        refuse(record, refusal);
        return;
      }
      try {
        task = DesiredTasks.of(record, state, dataplane.underlayMtu());
      } catch (IOException e) {
        refuse(record, String.valueOf(e.getMessage()));
        return;
      }
      replyPaths.begin(task.id());
    }
    tasks.prepare(task);
    if (ended(task.id())) {
      return;
    }
    Path netns = tasks.netns(task.id());
    if (netns != null && !tasks.plugs(task.id())) {
      plug(task, netns);
    }
    if (connected.add(task.id())) {
      tasks.connect(task.id());
    }
    if (netns != null && !record.attachments().isEmpty()) {
      replyPaths.bring(
          task.id(),
          netns,
          FIRST_OVERLAY,
          record.attachments().getFirst(),
          record.serviceId(),
          state);
      led.add(task.id());
    }
  }

  private void plug(DesiredTask task, Path netns) throws IOException {
    int index = 0;
    for (DesiredTask.TaskNetwork network : task.networks()) {
      try {
        dataplane.attachTap(
            new TapAttachment(
                PortNames.task(task.id(), network.networkId()), netns, "eth" + index++));
      } catch (IOException e) {
        tasks.reject(task.id(), e);
        throw e;
      }
    }
  }

  private void refuse(TaskRecord record, String why) {
    reports.repeat(
        record.id(),
        new TaskStatus(TaskStatus.Phase.REJECTED, Instant.now(), "preparing", why, null, null));
  }

  /** 3. Starts what is ready; the switch knows it by now, so its first packet passes. */
  void launch(ClusterState state) {
    for (String id : tasks.ids()) {
      TaskRecord record = state.tasks().get(id);
      if (record != null
          && record.nodeId().equals(nodeId)
          && record.reachable()
          && record.desiredState() == TaskState.RUNNING
          && connected.contains(id)) {
        tasks.launch(id);
      }
    }
  }

  /** What the other nodes are to know of this node's tasks, by network and task. */
  void presences(ClusterState state, Map<String, Map<String, Presence>> into) {
    for (TaskRecord record : state.tasks().values()) {
      if (!record.nodeId().equals(nodeId) || !hasPlaceHere(record)) {
        continue;
      }
      TaskStatus status = tasks.status(record.id());
      if (status == null || !forwardedFor(record.id())) {
        continue;
      }
      Answers answers =
          status.phase() != TaskStatus.Phase.RUNNING || !led.contains(record.id())
              ? Answers.NOTHING
              : record.desiredState() == TaskState.RUNNING ? Answers.NEW_FLOWS : Answers.OLD_FLOWS;
      long since = answers == Answers.NOTHING ? 0 : status.at().toEpochMilli();
      for (Attachment attachment : record.attachments()) {
        into.computeIfAbsent(attachment.networkId(), id -> new HashMap<>())
            .put(record.id(), new Presence(attachment.address(), attachment.mac(), answers, since));
      }
    }
  }

  /** 4. Takes away the devices of tasks that have ended, and the logs of those nobody knows. */
  void removeEnded(ClusterState state, boolean stale) throws IOException {
    Problems problems = new Problems();
    for (String id : tasks.ids()) {
      if (!ended(id)) {
        continue;
      }
      boolean gone = !state.tasks().containsKey(id) && !stale && !younger(id, state);
      problems.attempt(() -> remove(id, gone));
    }
    problems.throwIfAny();
  }

  /** Takes the devices of a task that has ended away, and with {@code forget} its logs too. */
  void remove(String id, boolean forget) throws IOException {
    DesiredTask task = tasks.task(id);
    if (task != null && tasks.hasDevices(id)) {
      // Before the namespace: an open TAP would keep it.
      task.networks().forEach(n -> dataplane.detachTap(PortNames.task(id, n.networkId())));
      connected.remove(id);
      led.remove(id);
      replyPaths.forget(id);
      tasks.release(id);
    }
    if (forget) {
      tasks.forget(id);
    }
  }

  /** 5. Says again what the state does not show after a while: a report may have been lost. */
  void repeatReports(ClusterState state) {
    Instant before = Instant.now().minus(UNANSWERED);
    for (String id : tasks.ids()) {
      TaskRecord record = state.tasks().get(id);
      TaskStatus status = tasks.status(id);
      if (record != null
          && status != null
          && record.nodeId().equals(nodeId)
          && !record.status().state().terminal()
          && record.status().state() != TaskReports.stateOf(status).state()
          && status.at().isBefore(before)) {
        reports.repeat(id, status);
      }
    }
  }

  /**
   * 6. Runs again what ended by itself while no leader is there to hear of it: the same task, with
   * the addresses that it has. The state that comes back with the leader finds it running.
   */
  void restartUnheard(ClusterState state, boolean stale) throws IOException {
    if (stale) {
      return;
    }
    Problems problems = new Problems();
    for (String id : tasks.ids()) {
      TaskRecord record = state.tasks().get(id);
      if (ended(id)
          && record != null
          && record.nodeId().equals(nodeId)
          && RestartsHere.due(record, tasks.endedRuns(id), state, Instant.now())
          && reports.withdraw(id)) {
        replyPaths.begin(id);
        problems.attempt(() -> tasks.again(id));
      }
    }
    problems.throwIfAny();
  }

  List<String> notEnded() {
    return tasks.ids().stream().filter(id -> !ended(id)).sorted().toList();
  }

  private boolean ended(String id) {
    TaskStatus status = tasks.status(id);
    return status == null || status.phase().terminal();
  }

  /** The state is older than the task: it cannot know it yet. */
  private boolean younger(String id, ClusterState state) {
    DesiredTask task = tasks.task(id);
    return task != null && task.generation() > state.version();
  }
}
