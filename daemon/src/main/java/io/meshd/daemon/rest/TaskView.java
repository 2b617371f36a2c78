package io.meshd.daemon.rest;

import io.meshd.api.Services;
import io.meshd.api.Tasks;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.TaskRecord;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A task as the API shows it. */
final class TaskView {
  private TaskView() {}

  static Tasks.Task of(TaskRecord task, ClusterState state) {
    return new Tasks.Task(
        task.id(),
        new Services.Version(task.version()),
        task.createdAt(),
        task.updatedAt(),
        Map.of(),
        ProcessImage.shown(task.spec()),
        task.serviceId(),
        task.slot() > 0 ? task.slot() : null,
        task.nodeId().isEmpty() ? null : task.nodeId(),
        status(task),
        task.desiredState().word(),
        attachments(task, state));
  }

  private static Tasks.TaskStatus status(TaskRecord task) {
    TaskRecord.Status status = task.status();
    boolean started =
        status.pid() != null || status.exitCode() != null || status.containerId() != null;
    return new Tasks.TaskStatus(
        status.timestamp(),
        status.state().word(),
        status.message(),
        status.err(),
        started
            ? new Tasks.ContainerStatus(
                Objects.requireNonNullElse(status.containerId(), task.id()),
                Objects.requireNonNullElse(status.pid(), 0),
                Objects.requireNonNullElse(status.exitCode(), 0),
                status.imageId())
            : null,
        new Tasks.PortStatus(task.serving() ? status.hostPorts() : null));
  }

  private static @Nullable List<Tasks.NetworkAttachment> attachments(
      TaskRecord task, ClusterState state) {
    List<Tasks.NetworkAttachment> views =
        task.attachments().stream()
            .map(attachment -> attachment(attachment, state.networks()))
            .filter(Objects::nonNull)
            .toList();
    return views.isEmpty() ? null : views;
  }

  private static Tasks.@Nullable NetworkAttachment attachment(
      Attachment attachment, Map<String, NetworkRecord> networks) {
    NetworkRecord network = networks.get(attachment.networkId());
    if (network == null) {
      return null;
    }
    Map<String, Object> spec = new LinkedHashMap<>();
    spec.put("Name", network.name());
    spec.put("Labels", network.labels());
    spec.put("DriverConfiguration", Map.of("Name", "overlay"));
    if (network.attachable()) {
      spec.put("Attachable", true);
    }
    if (network.ingress()) {
      spec.put("Ingress", true);
    }
    spec.put("IPAMOptions", Map.of("Driver", Map.of("Name", "default")));
    spec.put("Scope", "swarm");
    return new Tasks.NetworkAttachment(
        new Tasks.AttachedNetwork(
            network.id(),
            new Services.Version(network.version()),
            network.createdAt(),
            network.createdAt(),
            spec),
        NetworkView.addresses(attachment.address(), network));
  }
}
