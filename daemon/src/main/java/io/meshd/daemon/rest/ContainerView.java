package io.meshd.daemon.rest;

import io.meshd.api.Mesh;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Ipv6Subnet;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.tasks.HostPort;
import io.meshd.daemon.tasks.LocalTasks.LocalTask;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A task of this node in the shape of a container. */
final class ContainerView {
  private ContainerView() {}

  /** A line of {@code ps}. */
  static Mesh.Container listed(LocalTask task, ClusterState state, Instant now) {
    return new Mesh.Container(
        task.id(),
        List.of("/" + task.name()),
        "process",
        "",
        task.command(),
        task.created().getEpochSecond(),
        task.state(),
        status(task, now),
        task.hostPorts().stream().map(ContainerView::port).toList(),
        labels(task, state));
  }

  private static Map<String, Object> port(HostPort port) {
    return Map.of(
        "IP", Objects.requireNonNullElse(port.hostIp(), "0.0.0.0"),
        "PrivatePort", port.target(),
        "PublicPort", port.published(),
        "Type", port.protocol());
  }

  /** As Docker maps them: 80/tcp to where it is bound. */
  private static Map<String, Object> bindings(LocalTask task) {
    Map<String, Object> ports = new LinkedHashMap<>();
    for (HostPort port : task.hostPorts()) {
      ports.put(
          port.target() + "/" + port.protocol(),
          List.of(
              Map.of(
                  "HostIp",
                  Objects.requireNonNullElse(port.hostIp(), "0.0.0.0"),
                  "HostPort",
                  Integer.toString(port.published()))));
    }
    return ports;
  }

  /** The spec's, and Swarm's own. */
  private static Map<String, String> labels(LocalTask task, ClusterState state) {
    Map<String, String> labels = new TreeMap<>();
    TaskRecord record = state.tasks().get(task.id());
    Map<String, String> asked = record == null ? null : record.spec().containerSpec().labels();
    if (asked != null) {
      labels.putAll(asked);
    }
    labels.put("com.docker.swarm.task", "");
    labels.put("com.docker.swarm.task.id", task.id());
    labels.put("com.docker.swarm.task.name", task.name());
    labels.put("com.docker.swarm.service.id", task.serviceId());
    labels.put("com.docker.swarm.service.name", task.serviceName());
    return labels;
  }

  /** Name to what a client looks for there; the bridges are none of the cluster's. */
  private static Map<String, Object> networks(LocalTask task, ClusterState state) {
    Map<String, Object> networks = new LinkedHashMap<>();
    TaskRecord record = state.tasks().get(task.id());
    for (Attachment attachment : record == null ? List.<Attachment>of() : record.attachments()) {
      NetworkRecord network = state.networks().get(attachment.networkId());
      if (network != null) {
        Ipv6Subnet ipv6 = network.ipv6();
        String prefix = network.subnet().substring(network.subnet().indexOf('/') + 1);
        networks.put(
            network.name(),
            Map.of(
                "NetworkID", network.id(),
                "EndpointID", NetworkView.hexId(network.id(), task.id()),
                "Gateway", network.gateway(),
                "IPAddress", attachment.address(),
                "IPPrefixLen", Integer.parseInt(prefix),
                "MacAddress", attachment.mac(),
                "IPv6Gateway", ipv6 == null ? "" : ipv6.gateway(),
                "GlobalIPv6Address",
                    Objects.requireNonNullElse(network.ipv6Of(attachment.address()), ""),
                "GlobalIPv6PrefixLen", ipv6 == null ? 0 : ipv6.prefixLength()));
      }
    }
    return networks;
  }

  /** Docker's words: Up 3 minutes, Exited (1) 2 hours ago. */
  private static String status(LocalTask task, Instant now) {
    return switch (task.state()) {
      case "running" -> "Up " + since(task.started(), now);
      case "exited" ->
          "Exited (%d) %s ago"
              .formatted(
                  Objects.requireNonNullElse(task.exitCode(), 0), since(task.finished(), now));
      default -> "Created";
    };
  }

  /** docker/go-units HumanDuration. */
  static String since(@Nullable Instant then, Instant now) {
    long seconds = then == null ? 0 : Math.max(0, Duration.between(then, now).toSeconds());
    long minutes = seconds / 60;
    long hours = Math.round(seconds / 3600.0);
    if (seconds < 1) {
      return "Less than a second";
    } else if (seconds == 1) {
      return "1 second";
    } else if (seconds < 60) {
      return seconds + " seconds";
    } else if (minutes == 1) {
      return "About a minute";
    } else if (minutes < 60) {
      return minutes + " minutes";
    } else if (hours == 1) {
      return "About an hour";
    } else if (hours < 48) {
      return hours + " hours";
    } else if (hours < 24 * 7 * 2) {
      return hours / 24 + " days";
    } else if (hours < 24 * 30 * 2) {
      return hours / 24 / 7 + " weeks";
    } else if (hours < 24 * 365 * 2) {
      return hours / 24 / 30 + " months";
    }
    return hours / 24 / 365 + " years";
  }

  /** What the CLI needs of {@code GET /containers/{id}/json}. */
  static Map<String, Object> inspected(LocalTask task, ClusterState cluster) {
    Map<String, Object> state = new LinkedHashMap<>();
    state.put("Status", task.state());
    state.put("Running", task.state().equals("running"));
    state.put("Paused", false);
    state.put("Restarting", false);
    state.put("Dead", false);
    state.put("Pid", task.pid());
    state.put("ExitCode", Objects.requireNonNullElse(task.exitCode(), 0));
    state.put("StartedAt", time(task.started()));
    state.put("FinishedAt", time(task.finished()));
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("Image", "process");
    config.put("Tty", false);
    config.put("OpenStdin", false);
    config.put("Cmd", List.of(task.command()));
    config.put("Labels", labels(task, cluster));
    Map<String, Object> container = new LinkedHashMap<>();
    container.put("Id", task.id());
    container.put("Created", task.created().toString());
    container.put("Path", task.command());
    container.put("Args", List.of());
    container.put("State", state);
    container.put("Image", "");
    container.put("Name", "/" + task.name());
    container.put("RestartCount", 0);
    container.put("Config", config);
    container.put("Mounts", List.of());
    container.put(
        "NetworkSettings", Map.of("Networks", networks(task, cluster), "Ports", bindings(task)));
    return container;
  }

  private static String time(@Nullable Instant instant) {
    return instant == null ? "0001-01-01T00:00:00Z" : instant.toString();
  }
}
