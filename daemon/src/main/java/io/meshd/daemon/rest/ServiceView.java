package io.meshd.daemon.rest;

import io.meshd.api.Services;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A service as the API shows it. Defaults as Swarm's (swarmkit api/defaults/service.go). */
final class ServiceView {
  private static final long SECOND = 1_000_000_000L;

  private ServiceView() {}

  static Services.Service of(ServiceRecord service, boolean insertDefaults, ClusterState state) {
    return view(service, insertDefaults, null, state);
  }

  static Services.Service withStatus(ServiceRecord service, ClusterState state) {
    return view(service, false, status(service, state), state);
  }

  private static Services.Service view(
      ServiceRecord service,
      boolean insertDefaults,
      Services.@Nullable ServiceStatus status,
      ClusterState state) {
    Services.ServiceSpec spec = labelled(service.spec());
    return new Services.Service(
        service.id(),
        new Services.Version(service.version()),
        service.createdAt(),
        service.updatedAt(),
        insertDefaults ? withDefaults(spec) : spec,
        service.previousSpec() == null ? null : labelled(service.previousSpec()),
        new Services.ServiceEndpoint(
            spec.endpointSpec(),
            service.ports().isEmpty() ? null : service.ports(),
            service.virtualIps().isEmpty() ? null : virtualIps(service, state)),
        service.updateStatus(),
        status);
  }

  /** On a network with IPv6 the address that goes with the IPv4 one stands after it. */
  private static List<Services.VirtualIp> virtualIps(ServiceRecord service, ClusterState state) {
    List<Services.VirtualIp> all = new ArrayList<>();
    for (Services.VirtualIp vip : service.virtualIps()) {
      all.add(vip);
      NetworkRecord network = state.networks().get(vip.networkId());
      String address = vip.addr().substring(0, vip.addr().indexOf('/'));
      String ipv6 = network == null ? null : network.ipv6WithPrefix(address);
      if (ipv6 != null) {
        all.add(new Services.VirtualIp(vip.networkId(), ipv6));
      }
    }
    return all;
  }

  /** Docker's answers always have Labels, Mode and EndpointSpec.Mode. */
  private static Services.ServiceSpec labelled(Services.ServiceSpec spec) {
    Services.EndpointSpec endpoint = spec.endpointSpec();
    return new Services.ServiceSpec(
        spec.name(),
        spec.labels() == null ? Map.of() : spec.labels(),
        ProcessImage.shown(spec.taskTemplate()),
        spec.mode() == null
            ? new Services.ServiceMode(new Services.Replicated(1L), null)
            : spec.mode(),
        spec.updateConfig(),
        spec.rollbackConfig(),
        spec.networks(),
        endpoint == null || endpoint.mode() == null
            ? new Services.EndpointSpec("vip", endpoint == null ? null : endpoint.ports())
            : endpoint);
  }

  private static Services.ServiceStatus status(ServiceRecord service, ClusterState state) {
    List<TaskRecord> tasks =
        state.tasks().values().stream()
            .filter(task -> task.serviceId().equals(service.id()))
            .toList();
    long running = tasks.stream().filter(TaskRecord::serving).count();
    Services.ServiceMode mode = service.spec().mode();
    long desired;
    if (mode != null && mode.global() != null) {
      desired =
          tasks.stream()
              .filter(task -> task.desiredState().compareTo(TaskState.RUNNING) <= 0)
              .count();
    } else {
      desired = replicas(mode);
    }
    return new Services.ServiceStatus(running, desired, 0);
  }

  private static long replicas(Services.@Nullable ServiceMode mode) {
    return mode == null || mode.replicated() == null || mode.replicated().replicas() == null
        ? 1
        : mode.replicated().replicas();
  }

  private static Services.ServiceSpec withDefaults(Services.ServiceSpec spec) {
    Services.TaskSpec task = spec.taskTemplate();
    Services.ContainerSpec container = task.containerSpec();
    Services.RestartPolicy restart = task.restartPolicy();
    return new Services.ServiceSpec(
        spec.name(),
        spec.labels(),
        task.with(
                container.withStopGracePeriod(
                    Objects.requireNonNullElse(container.stopGracePeriod(), 10 * SECOND)),
                task.runtime())
            .withRestartPolicy(
                restart == null
                    ? new Services.RestartPolicy("any", 5 * SECOND, 0L, null)
                    : new Services.RestartPolicy(
                        orElse(restart.condition(), "any"),
                        Objects.requireNonNullElse(restart.delay(), 5 * SECOND),
                        Objects.requireNonNullElse(restart.maxAttempts(), 0L),
                        restart.window())),
        spec.mode(),
        withDefaults(spec.updateConfig()),
        withDefaults(spec.rollbackConfig()),
        spec.networks(),
        spec.endpointSpec());
  }

  /** Docker's clients leave out words, or send them empty. */
  private static String orElse(@Nullable String word, String otherwise) {
    return word == null || word.isEmpty() ? otherwise : word;
  }

  private static Services.UpdateConfig withDefaults(Services.@Nullable UpdateConfig config) {
    if (config == null) {
      return new Services.UpdateConfig(1L, null, "pause", 5 * SECOND, 0.0, "stop-first");
    }
    return new Services.UpdateConfig(
        Objects.requireNonNullElse(config.parallelism(), 1L),
        config.delay(),
        orElse(config.failureAction(), "pause"),
        Objects.requireNonNullElse(config.monitor(), 5 * SECOND),
        Objects.requireNonNullElse(config.maxFailureRatio(), 0.0),
        orElse(config.order(), "stop-first"));
  }
}
