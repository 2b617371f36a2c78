package io.meshd.daemon.state;

import io.meshd.api.Services;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Checks a spec by itself, in swarmkit's words (manager/controlapi/service.go) and order. */
final class ServiceSpecCheck {
  private ServiceSpecCheck() {}

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
        EndpointSpecCheck.checked(spec.endpointSpec()));
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
      }
      default ->
          throw new Refusal(
              Outcome.Reason.UNIMPLEMENTED,
              "RuntimeSpec: unimplemented runtime in service spec: \""
                  + runtime
                  + "\" (process and container are known)");
    }
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
}
