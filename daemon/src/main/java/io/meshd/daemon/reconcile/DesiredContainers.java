package io.meshd.daemon.reconcile;

import io.meshd.api.Services;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.tasks.DesiredContainer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** From a task's record to the container that it is to be. Pure. */
final class DesiredContainers {
  private static final String SWARM = "com.docker.swarm.";

  private DesiredContainers() {}

  /** Docker's default; a process has to be asked for. */
  static boolean wanted(TaskRecord task) {
    String runtime = task.spec().runtime();
    return runtime == null || runtime.isEmpty() || runtime.equals("container");
  }

  /**
   * Null for a task that is none.
   *
   * @param spec the task's, with its templates filled in
   * @throws IOException in words when this node cannot run such a task
   */
  static @Nullable DesiredContainer of(TaskRecord task, Services.TaskSpec spec, ClusterState state)
      throws IOException {
    if (!wanted(task)) {
      return null;
    }
    List<DesiredContainer.Network> networks = new ArrayList<>();
    for (Attachment attachment : task.attachments()) {
      NetworkRecord network = state.networks().get(attachment.networkId());
      if (network == null) {
        throw new IOException("network " + attachment.networkId() + " not found");
      }
      networks.add(
          new DesiredContainer.Network(
              network.id(),
              network.name(),
              network.subnet(),
              network.internal(),
              !network.ingress()));
    }
    return new DesiredContainer(spec, labels(task, spec), networks);
  }

  /** The user's, and those by which a swarm's containers are known. */
  private static Map<String, String> labels(TaskRecord task, Services.TaskSpec spec) {
    Map<String, String> labels = new LinkedHashMap<>();
    if (spec.containerSpec().labels() != null) {
      labels.putAll(spec.containerSpec().labels());
    }
    labels.put(SWARM + "node.id", task.nodeId());
    labels.put(SWARM + "service.id", task.serviceId());
    labels.put(SWARM + "service.name", task.serviceName());
    labels.put(SWARM + "task", "");
    labels.put(SWARM + "task.id", task.id());
    labels.put(SWARM + "task.name", task.name());
    return labels;
  }
}
