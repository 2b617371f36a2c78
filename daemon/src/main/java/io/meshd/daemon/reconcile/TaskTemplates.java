package io.meshd.daemon.reconcile;

import io.meshd.api.Containers;
import io.meshd.api.Services;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.TaskRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Fills in what a spec leaves to the task: {@code {{.Node.Hostname}}} and the like in hostname,
 * environment and mounts' sources and targets, as Swarm's users know them (docker service create,
 * "Create services using templates"). Pure.
 */
final class TaskTemplates {
  private static final Pattern ACTION = Pattern.compile("\\{\\{\\s*(.*?)\\s*}}");
  private static final Pattern LABEL =
      Pattern.compile("index\\s+\\.(Service|Node)\\.Labels\\s+\"([^\"]*)\"");

  private final TaskRecord task;
  private final @Nullable NodeRecord node;
  private final @Nullable ServiceRecord service;

  TaskTemplates(TaskRecord task, ClusterState state) {
    this.task = task;
    this.node = state.nodes().get(task.nodeId());
    this.service = state.services().get(task.serviceId());
  }

  /**
   * @throws IOException in words where something else than these stands in braces
   */
  Services.TaskSpec fill(Services.TaskSpec spec) throws IOException {
    Services.ContainerSpec container = spec.containerSpec();
    List<String> env = new ArrayList<>();
    for (String entry : container.env() == null ? List.<String>of() : container.env()) {
      env.add(filled(entry));
    }
    List<Containers.Mount> mounts = new ArrayList<>();
    for (Containers.Mount mount :
        container.mounts() == null ? List.<Containers.Mount>of() : container.mounts()) {
      mounts.add(
          new Containers.Mount(
              mount.type(),
              mount.source() == null ? null : filled(mount.source()),
              mount.target() == null ? null : filled(mount.target()),
              mount.readOnly(),
              mount.consistency(),
              mount.bindOptions(),
              mount.volumeOptions(),
              mount.tmpfsOptions()));
    }
    String hostname = container.hostname();
    return spec.with(
        container.filled(hostname == null ? null : filled(hostname), env, mounts), spec.runtime());
  }

  private String filled(String text) throws IOException {
    Matcher actions = ACTION.matcher(text);
    StringBuilder out = new StringBuilder();
    while (actions.find()) {
      actions.appendReplacement(out, Matcher.quoteReplacement(value(actions.group(1))));
    }
    return actions.appendTail(out).toString();
  }

  private String value(String action) throws IOException {
    Matcher label = LABEL.matcher(action);
    if (label.matches()) {
      Map<String, String> labels =
          label.group(1).equals("Service") ? serviceLabels() : nodeLabels();
      return labels.getOrDefault(label.group(2), "");
    }
    return switch (action) {
      case ".Service.ID" -> task.serviceId();
      case ".Service.Name" -> task.serviceName();
      case ".Node.ID" -> task.nodeId();
      case ".Node.Hostname" -> node == null ? "" : node.hostname();
      case ".Node.Platform.OS" -> node == null ? "" : node.description().platform().os();
      case ".Node.Platform.Architecture" ->
          node == null ? "" : node.description().platform().architecture();
      case ".Task.ID" -> task.id();
      case ".Task.Name" -> task.name();
      case ".Task.Slot" -> task.slot() > 0 ? Long.toString(task.slot()) : task.nodeId();
      default -> {
        if (action.startsWith(".Service.Labels.")) {
          yield serviceLabels().getOrDefault(action.substring(".Service.Labels.".length()), "");
        }
        throw new IOException(
            "the template {{"
                + action
                + "}} is not known: there are .Service.ID, .Service.Name, .Service.Labels.NAME,"
                + " .Node.ID, .Node.Hostname, .Node.Platform.OS, .Node.Platform.Architecture,"
                + " .Task.ID, .Task.Name and .Task.Slot");
      }
    };
  }

  private Map<String, String> serviceLabels() {
    Map<String, String> labels = service == null ? null : service.spec().labels();
    return labels == null ? Map.of() : labels;
  }

  private Map<String, String> nodeLabels() {
    Map<String, String> labels = node == null ? null : node.spec().labels();
    return labels == null ? Map.of() : labels;
  }
}
