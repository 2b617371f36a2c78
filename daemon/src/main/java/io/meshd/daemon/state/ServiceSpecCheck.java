package io.meshd.daemon.state;

import io.meshd.api.Services;
import io.meshd.ipam.Ipv4;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Checks a spec by itself, in swarmkit's words (manager/controlapi/service.go) and order. */
final class ServiceSpecCheck {
  private ServiceSpecCheck() {}

  private static final Set<String> CLIENT_ADDRESSES = Set.of("snat", "proxy-v2", "preserve");
  private static final Set<String> CONDITIONS = Set.of("any", "on-failure", "none");
  private static final Set<String> FAILURE_ACTIONS = Set.of("pause", "continue", "rollback");
  private static final Set<String> ORDERS = Set.of("stop-first", "start-first");

  /**
   * @return the spec with modes, protocols and replicas filled in; networks are as they came
   */
  static Services.ServiceSpec checked(Services.ServiceSpec spec) {
    Names.check(spec.name());
    checkTask(spec.taskTemplate());
    Services.ServiceMode mode = mode(spec);
    checkUpdate(spec.updateConfig());
    checkUpdate(spec.rollbackConfig());
    return new Services.ServiceSpec(
        spec.name(),
        spec.labels() == null ? Map.of() : spec.labels(),
        spec.taskTemplate(),
        mode,
        spec.updateConfig(),
        spec.rollbackConfig(),
        spec.networks(),
        endpoint(spec.endpointSpec()));
  }

  private static void checkTask(Services.@Nullable TaskSpec task) {
    if (task == null) {
      throw Refusal.invalid("TaskSpec: missing runtime");
    }
    checkRestart(task.restartPolicy());
    Services.Placement placement = task.placement();
    if (placement != null && placement.constraints() != null) {
      placement.constraints().forEach(Constraint::parse);
    }
    checkRuntime(task);
  }

  private static void checkRuntime(Services.TaskSpec task) {
    String runtime =
        task.runtime() == null || task.runtime().isEmpty() ? "container" : task.runtime();
    Services.ContainerSpec container = task.containerSpec();
    switch (runtime) {
      case "process" -> {
        if (container == null || (isEmpty(container.command()) && isEmpty(container.args()))) {
          throw Refusal.invalid("a task of runtime process needs a command");
        }
        checkEnvironment(container.env());
      }
      case "container" -> {
        if (container == null || container.image() == null || container.image().isEmpty()) {
          throw Refusal.invalid("ContainerSpec: image reference must be provided");
        }
        checkEnvironment(container.env());
        refuseContainers();
      }
      default ->
          throw new Refusal(
              Outcome.Reason.UNIMPLEMENTED,
              "RuntimeSpec: unimplemented runtime in service spec: \""
                  + runtime
                  + "\" (process and container are known)");
    }
  }

  /** Goes when a runtime for images is there. */
  private static void refuseContainers() {
    throw new Refusal(
        Outcome.Reason.UNIMPLEMENTED,
        "tasks of runtime container cannot be run yet: use --runtime process with a command");
  }

  private static boolean isEmpty(@Nullable List<String> list) {
    return list == null || list.isEmpty();
  }

  private static void checkEnvironment(@Nullable List<String> env) {
    for (String entry : env == null ? List.<String>of() : env) {
      if (entry.isEmpty() || entry.startsWith("=")) {
        throw Refusal.invalid("invalid environment variable: " + entry);
      }
    }
  }

  private static void checkRestart(Services.@Nullable RestartPolicy policy) {
    if (policy == null) {
      return;
    }
    String condition = policy.condition();
    if (condition != null && !condition.isEmpty() && !CONDITIONS.contains(condition)) {
      throw Refusal.invalid("invalid RestartCondition: \"" + condition + "\"");
    }
    if (negative(policy.delay())) {
      throw Refusal.invalid("TaskSpec: restart-delay cannot be negative");
    }
    if (negative(policy.window())) {
      throw Refusal.invalid("TaskSpec: restart-window cannot be negative");
    }
    if (negative(policy.maxAttempts())) {
      throw Refusal.invalid("TaskSpec: restart-max-attempts cannot be negative");
    }
  }

  private static boolean negative(@Nullable Long value) {
    return value != null && value < 0;
  }

  private static Services.ServiceMode mode(Services.ServiceSpec spec) {
    Services.ServiceMode mode = spec.mode();
    if (mode != null && mode.global() != null) {
      if (mode.replicated() != null) {
        throw Refusal.invalid("cannot specify both replicated mode and global mode");
      }
      return mode;
    }
    long replicas = ServiceSpecs.replicas(spec);
    if (replicas < 0) {
      throw Refusal.invalid("Number of replicas must be non-negative");
    }
    return new Services.ServiceMode(new Services.Replicated(replicas), null);
  }

  private static void checkUpdate(Services.@Nullable UpdateConfig update) {
    if (update == null) {
      return;
    }
    if (negative(update.parallelism())) {
      throw Refusal.invalid("TaskSpec: update-parallelism cannot be negative");
    }
    if (negative(update.delay())) {
      throw Refusal.invalid("TaskSpec: update-delay cannot be negative");
    }
    if (negative(update.monitor())) {
      throw Refusal.invalid("TaskSpec: update-monitor cannot be negative");
    }
    Double ratio = update.maxFailureRatio();
    if (ratio != null && !(ratio >= 0 && ratio <= 1)) {
      throw Refusal.invalid(
          "TaskSpec: update-maxfailureratio cannot be less than 0 or bigger than 1");
    }
    String action = update.failureAction();
    if (action != null && !action.isEmpty() && !FAILURE_ACTIONS.contains(action)) {
      throw Refusal.invalid("unrecognized update failure action " + action);
    }
    String order = update.order();
    if (order != null && !order.isEmpty() && !ORDERS.contains(order)) {
      throw Refusal.invalid("unrecognized update order " + order);
    }
  }

  private static Services.EndpointSpec endpoint(Services.@Nullable EndpointSpec endpoint) {
    if (endpoint == null) {
      return new Services.EndpointSpec("vip", null);
    }
    String mode = endpoint.mode() == null || endpoint.mode().isEmpty() ? "vip" : endpoint.mode();
    if (!mode.equals("vip") && !mode.equals("dnsrr")) {
      throw Refusal.invalid("invalid endpoint mode \"" + mode + "\": use vip or dnsrr");
    }
    if (endpoint.ports() == null) {
      return new Services.EndpointSpec(mode, null, endpoint.balancing(), endpoint.ingressDnsrr());
    }
    List<Services.PortConfig> ports = new ArrayList<>();
    for (Services.PortConfig port : endpoint.ports()) {
      Services.PortConfig filled = port(port);
      if (mode.equals("dnsrr") && ServiceSpecs.ingress(filled)) {
        throw Refusal.invalid(
            "EndpointSpec: port published with ingress mode can't be used with dnsrr mode");
      }
      if (ports.stream().anyMatch(other -> samePlace(other, filled))) {
        throw Refusal.invalid("EndpointSpec: duplicate published ports provided");
      }
      ports.add(filled);
    }
    return new Services.EndpointSpec(
        mode, List.copyOf(ports), endpoint.balancing(), endpoint.ingressDnsrr());
  }

  private static boolean samePlace(Services.PortConfig a, Services.PortConfig b) {
    int number = ServiceSpecs.publishedPort(a);
    return number != 0
        && number == ServiceSpecs.publishedPort(b)
        && ServiceSpecs.protocol(a).equals(ServiceSpecs.protocol(b))
        && ServiceSpecs.shareAddress(a, b);
  }

  private static void checkClientAddress(Services.PortConfig port) {
    String mode = port.clientAddress();
    if (mode == null) {
      return;
    }
    if (!CLIENT_ADDRESSES.contains(mode)) {
      throw Refusal.invalid(
          "EndpointSpec: invalid client address mode " + mode + ": use snat, proxy-v2 or preserve");
    }
    if (ServiceSpecs.protocol(port).equals("udp") && mode.equals("proxy-v2")) {
      throw Refusal.invalid(
          "EndpointSpec: client address mode proxy-v2 is for tcp: a datagram has no first byte of a"
              + " connection to put a header before");
    }
  }

  /** Every address of a node is what is meant where none is said. */
  private static @Nullable String hostIp(Services.PortConfig port) {
    String ip = port.hostIp();
    if (ip == null || ip.isEmpty() || ip.equals("0.0.0.0")) {
      return null;
    }
    try {
      return Ipv4.format(Ipv4.parse(ip));
    } catch (IllegalArgumentException e) {
      throw Refusal.invalid(
          "EndpointSpec: invalid address " + ip + " of a published port: use an IPv4 address");
    }
  }

  private static Services.PortConfig port(Services.PortConfig port) {
    String protocol = ServiceSpecs.protocol(port);
    if (!protocol.equals("tcp") && !protocol.equals("udp")) {
      throw Refusal.invalid(
          "EndpointSpec: protocol " + protocol + " is not supported: use tcp or udp");
    }
    String mode =
        port.publishMode() == null || port.publishMode().isEmpty() ? "ingress" : port.publishMode();
    if (!mode.equals("ingress") && !mode.equals("host")) {
      throw Refusal.invalid("EndpointSpec: invalid publish mode " + mode + ": use ingress or host");
    }
    if (port.targetPort() < 1 || port.targetPort() > 65535) {
      throw Refusal.invalid(
          "EndpointSpec: invalid target port " + port.targetPort() + ": use 1 to 65535");
    }
    checkClientAddress(port);
    int published = ServiceSpecs.publishedPort(port);
    if (published < 0 || published > 65535) {
      throw Refusal.invalid(
          "EndpointSpec: invalid published port " + published + ": use 1 to 65535");
    }
    return new Services.PortConfig(
        port.name(),
        protocol,
        port.targetPort(),
        published == 0 ? null : published,
        mode,
        hostIp(port),
        port.clientAddress());
  }
}
