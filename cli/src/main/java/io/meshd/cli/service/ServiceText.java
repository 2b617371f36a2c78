package io.meshd.cli.service;

import io.meshd.api.Services;
import io.meshd.api.Services.PortConfig;
import io.meshd.cli.format.HumanText;
import io.meshd.cli.grammar.GoDuration;
import io.meshd.cli.task.TaskTable;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** {@code service inspect --pretty}. */
final class ServiceText {
  private final StringBuilder out = new StringBuilder();
  private final Services.Service service;
  private final UnaryOperator<String> networkName;

  /**
   * @param networkName a network's name by its ID
   */
  ServiceText(Services.Service service, UnaryOperator<String> networkName) {
    this.service = service;
    this.networkName = networkName;
  }

  String text() {
    line("\nID:\t\t" + service.id());
    line("Name:\t\t" + service.spec().name());
    labels(service.spec().labels());
    mode(service.spec().mode());
    status(service.updateStatus());
    placement(service.spec().taskTemplate().placement());
    update("Update", service.spec().updateConfig());
    update("Rollback", service.spec().rollbackConfig());
    container(service.spec().taskTemplate());
    if (service.spec().taskTemplate().resources() != null) {
      line("Resources:");
    }
    networks(service.spec().taskTemplate().networks());
    endpoint();
    return out.append('\n').toString();
  }

  private void labels(@Nullable Map<String, String> labels) {
    if (labels != null && !labels.isEmpty()) {
      line("Labels:");
      new TreeMap<>(labels)
          .forEach((key, value) -> line(" " + key + (value.isEmpty() ? "" : "=" + value)));
    }
  }

  private void mode(Services.@Nullable ServiceMode mode) {
    if (mode == null || mode.global() == null) {
      line("Service Mode:\tReplicated");
      Long replicas =
          mode == null || mode.replicated() == null ? null : mode.replicated().replicas();
      if (replicas != null) {
        line(" Replicas:\t" + replicas);
      }
    } else {
      line("Service Mode:\tGlobal");
    }
  }

  private void status(Services.@Nullable UpdateStatus status) {
    if (status == null || status.state() == null || status.state().isEmpty()) {
      return;
    }
    line("UpdateStatus:");
    line(" State:\t\t" + status.state());
    if (status.startedAt() != null) {
      line(" Started:\t" + HumanText.ago(status.startedAt()));
    }
    if (status.state().equals("completed") && status.completedAt() != null) {
      line(" Completed:\t" + HumanText.ago(status.completedAt()));
    }
    line(" Message:\t" + (status.message() == null ? "" : status.message()));
  }

  private void placement(Services.@Nullable Placement placement) {
    line("Placement:");
    if (placement == null) {
      return;
    }
    List<String> constraints = placement.constraints();
    if (constraints != null && !constraints.isEmpty()) {
      line(" Constraints:\t[" + String.join(" ", constraints) + "]");
    }
    Long max = placement.maxReplicas();
    if (max != null && max > 0) {
      line(" Max Replicas Per Node:   " + max);
    }
  }

  private void update(String what, Services.@Nullable UpdateConfig config) {
    if (config == null) {
      return;
    }
    line(what + "Config:");
    line(" Parallelism:\t" + (config.parallelism() == null ? 0 : config.parallelism()));
    Long delay = config.delay();
    if (delay != null && delay > 0) {
      line(" Delay:\t\t" + new GoDuration(delay));
    }
    line(" On failure:\t" + (config.failureAction() == null ? "" : config.failureAction()));
    Long monitor = config.monitor();
    if (monitor != null && monitor > 0) {
      line(" Monitoring Period: " + new GoDuration(monitor));
    }
    Double ratio = config.maxFailureRatio();
    line(" Max failure ratio: " + plain(ratio == null ? 0 : ratio));
    String order = " %s order:".formatted(what);
    line(order + " ".repeat(20 - order.length()) + (config.order() == null ? "" : config.order()));
  }

  private static String plain(double number) {
    return number == 0 ? "0" : BigDecimal.valueOf(number).stripTrailingZeros().toPlainString();
  }

  private void container(Services.TaskSpec task) {
    Services.ContainerSpec container = task.containerSpec();
    line("ContainerSpec:");
    line(" Image:\t\t" + TaskTable.image(task, false));
    if (container == null) {
      return;
    }
    list(" Command:\t", container.command());
    list(" Args:\t\t", container.args());
    list(" Env:\t\t", container.env());
    if (container.dir() != null && !container.dir().isEmpty()) {
      line(" Dir:\t\t" + container.dir());
    }
    if (container.init() != null) {
      line(" Init:\t\t" + container.init());
    }
    if (container.user() != null && !container.user().isEmpty()) {
      line(" User: " + container.user());
    }
  }

  private void list(String name, @Nullable List<String> values) {
    if (values != null && !values.isEmpty()) {
      line(name + String.join(" ", values) + " ");
    }
  }

  private void networks(@Nullable List<Services.NetworkAttachmentConfig> networks) {
    if (networks == null || networks.isEmpty()) {
      return;
    }
    List<String> names = networks.stream().map(n -> n.target()).sorted().map(networkName).toList();
    line("Networks: " + String.join(" ", names) + " ");
  }

  private void endpoint() {
    Services.ServiceEndpoint endpoint = service.endpoint();
    Services.EndpointSpec spec = endpoint == null ? null : endpoint.spec();
    line("Endpoint Mode:\t" + (spec == null || spec.mode() == null ? "" : spec.mode()));
    balancing(spec == null ? null : spec.balancing());
    List<PortConfig> ports = endpoint == null ? null : endpoint.ports();
    if (ports == null || ports.isEmpty()) {
      return;
    }
    out.append("Ports:");
    for (PortConfig port : ports) {
      out.append("\n PublishedPort = ").append(ServicePorts.published(port));
      out.append("\n  Protocol = ").append(ServicePorts.protocol(port));
      out.append("\n  TargetPort = ").append(port.targetPort());
      out.append("\n  PublishMode = ").append(ServicePorts.mode(port));
      if (port.hostIp() != null) {
        out.append("\n  HostIP = ").append(port.hostIp());
      }
      if (port.clientAddress() != null) {
        out.append("\n  ClientAddress = ").append(port.clientAddress());
      }
    }
    line(" ");
  }

  private void balancing(Services.@Nullable Balancing balancing) {
    if (balancing == null) {
      return;
    }
    line("Balancing:");
    if (balancing.affinity() != null) {
      line(" Affinity:\t" + balancing.affinity());
    }
    if (balancing.preferLocal() != null) {
      line(" Prefer local:\t" + balancing.preferLocal());
    }
    if (balancing.weights() != null) {
      List<String> weights = new ArrayList<>();
      new TreeMap<>(balancing.weights()).forEach((node, n) -> weights.add(node + "=" + n));
      line(" Weights:\t" + String.join(" ", weights));
    }
    if (balancing.slowStart() != null) {
      line(" Slow start:\t" + new GoDuration(balancing.slowStart()));
    }
    if (balancing.ejectOutliers() != null) {
      line(" Eject:\t\t" + balancing.ejectOutliers());
    }
  }

  private void line(String text) {
    out.append(text).append('\n');
  }
}
