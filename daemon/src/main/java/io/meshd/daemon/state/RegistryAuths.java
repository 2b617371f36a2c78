package io.meshd.daemon.state;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/**
 * Who sees a registry's credentials. Managers have those of all services and tasks; a node is told
 * those of the tasks that it is to run, while they have not ended.
 */
public final class RegistryAuths {
  private RegistryAuths() {}

  /** The same version, as that node is told it. */
  public static ClusterState forNode(ClusterState state, String nodeId) {
    return with(state, ofTasks(state, nodeId));
  }

  /** The same changes, as that node is told them: a task that it gets is a change of the task. */
  public static StateDelta forNode(StateDelta delta, String nodeId) {
    boolean any =
        delta.services().puts().values().stream().anyMatch(RegistryAuths::hasAny)
            || delta.tasks().puts().values().stream().anyMatch(task -> task.registryAuth() != null);
    if (!any) {
      return delta;
    }
    return delta.with(
        new StateDelta.Entries<>(
            services(HashTreePMap.from(delta.services().puts())), delta.services().deletes()),
        new StateDelta.Entries<>(
            tasks(HashTreePMap.from(delta.tasks().puts()), of(delta.tasks().puts(), nodeId)),
            delta.tasks().deletes()));
  }

  /** By the IDs of the tasks of that node which have any. */
  public static Map<String, RegistryAuth> ofTasks(ClusterState state, String nodeId) {
    return of(state.tasks(), nodeId);
  }

  private static Map<String, RegistryAuth> of(Map<String, TaskRecord> tasks, String nodeId) {
    Map<String, RegistryAuth> all = new TreeMap<>();
    tasks.forEach(
        (id, task) -> {
          if (task.registryAuth() != null && task.nodeId().equals(nodeId)) {
            all.put(id, task.registryAuth());
          }
        });
    return all;
  }

  /** The same version with these and no others. */
  public static ClusterState with(ClusterState state, Map<String, RegistryAuth> ofTasks) {
    return state.with(services(state.services()), tasks(state.tasks(), ofTasks));
  }

  private static boolean hasAny(ServiceRecord service) {
    return service.registryAuth() != null || service.previousRegistryAuth() != null;
  }

  private static PMap<String, ServiceRecord> services(PMap<String, ServiceRecord> services) {
    PMap<String, ServiceRecord> clean = services;
    for (ServiceRecord service : services.values()) {
      if (hasAny(service)) {
        clean = clean.plus(service.id(), service.withoutRegistryAuths());
      }
    }
    return clean;
  }

  private static PMap<String, TaskRecord> tasks(
      PMap<String, TaskRecord> tasks, Map<String, RegistryAuth> wanted) {
    PMap<String, TaskRecord> clean = tasks;
    for (TaskRecord task : tasks.values()) {
      @Nullable RegistryAuth auth = wanted.get(task.id());
      if (task.registryAuth() == null ? auth != null : !task.registryAuth().equals(auth)) {
        clean = clean.plus(task.id(), task.with(auth));
      }
    }
    return clean;
  }
}
