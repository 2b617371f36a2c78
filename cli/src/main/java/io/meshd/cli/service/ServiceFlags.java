package io.meshd.cli.service;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.cli.grammar.GoDuration;
import io.meshd.cli.registry.RegistryLogins;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The flags that {@code service create} and {@code service update} share. Null: not given. */
final class ServiceFlags {
  /** Docker's flags that nothing in meshd stands behind yet. */
  static final Set<String> UNSUPPORTED =
      Set.of(
          "config",
          "config-add",
          "config-rm",
          "credential-spec",
          "generic-resource",
          "generic-resource-add",
          "generic-resource-rm",
          "health-start-interval",
          "isolation",
          "max-concurrent",
          "placement-pref",
          "placement-pref-add",
          "placement-pref-rm",
          "secret",
          "secret-add",
          "secret-rm");

  @Option(
      names = {"-d", "--detach"},
      description = "Exit immediately instead of waiting for the service to converge")
  boolean detach;

  @Option(
      names = {"-q", "--quiet"},
      description = "Suppress progress output")
  boolean quiet;

  @Option(names = "--replicas", paramLabel = "uint", description = "Number of tasks")
  @Nullable Long replicas;

  @Option(
      names = "--replicas-max-per-node",
      paramLabel = "uint",
      description = "Maximum number of tasks per node (default 0 = unlimited)")
  @Nullable Long maxPerNode;

  @Option(
      names = "--endpoint-mode",
      paramLabel = "string",
      description = "Endpoint mode (vip or dnsrr) (default \"vip\")")
  @Nullable String endpointMode;

  @Option(names = "--hostname", paramLabel = "string", description = "Container hostname")
  @Nullable String hostname;

  @Option(
      names = {"-u", "--user"},
      paramLabel = "string",
      description = "Username or UID (format: <name|uid>[:<group|gid>])")
  @Nullable String user;

  @Option(
      names = {"-w", "--workdir"},
      paramLabel = "string",
      description = "Working directory inside the container")
  @Nullable String workdir;

  @Option(
      names = "--stop-signal",
      paramLabel = "string",
      description = "Signal to stop the container")
  @Nullable String stopSignal;

  @Option(
      names = "--stop-grace-period",
      paramLabel = "duration",
      description = "Time to wait before force killing a container (ns|us|ms|s|m|h) (default 10s)")
  @Nullable GoDuration stopGracePeriod;

  @Option(
      names = "--restart-condition",
      paramLabel = "string",
      description = "Restart when condition is met (\"none\", \"on-failure\", \"any\")")
  @Nullable String restartCondition;

  @Option(
      names = "--restart-delay",
      paramLabel = "duration",
      description = "Delay between restart attempts (ns|us|ms|s|m|h) (default 5s)")
  @Nullable GoDuration restartDelay;

  @Option(
      names = "--restart-max-attempts",
      paramLabel = "uint",
      description = "Maximum number of restarts before giving up")
  @Nullable Long restartMaxAttempts;

  @Option(
      names = "--restart-window",
      paramLabel = "duration",
      description = "Window used to evaluate the restart policy (ns|us|ms|s|m|h)")
  @Nullable GoDuration restartWindow;

  @Mixin UpdateFlags update = new UpdateFlags();

  @Mixin RollbackFlags rollback = new RollbackFlags();

  @Mixin ContainerFlags container = new ContainerFlags();

  @Mixin BalancingFlags balancing = new BalancingFlags();

  @Option(
      names = "--no-resolve-image",
      description = "Do not query the registry to resolve image digest and supported platforms")
  boolean noResolveImage;

  @Option(
      names = "--with-registry-auth",
      description = "Send registry authentication details to swarm agents")
  boolean withRegistryAuth;

  /** What goes with the spec, and with a look at its image: nothing where it was not asked for. */
  Map<String, String> registryAuth(SpecTree spec, Consumer<String> warn) {
    String image = spec.container().path("Image").asText("");
    return withRegistryAuth && !image.isEmpty()
        ? Map.of("X-Registry-Auth", RegistryLogins.read(System.getenv(), warn).header(image))
        : Map.of();
  }

  /** Whether anything but the ways of waiting was given. */
  boolean changesSpec() {
    SpecTree probe = new SpecTree(io.meshd.api.Json.MAPPER.createObjectNode());
    applyTo(probe);
    return withRegistryAuth || replicas != null || !probe.root().isEmpty();
  }

  /** Writes what was given into the spec; replicas are the caller's matter. */
  void applyTo(SpecTree spec) {
    FlagValues.set(maxPerNode, v -> spec.placement().put("MaxReplicas", v));
    FlagValues.set(endpointMode, v -> spec.endpoint().put("Mode", endpointMode(v)));
    FlagValues.set(hostname, v -> spec.container().put("Hostname", v));
    FlagValues.set(user, v -> spec.container().put("User", v));
    FlagValues.set(workdir, v -> spec.container().put("Dir", v));
    FlagValues.set(stopSignal, v -> spec.container().put("StopSignal", v));
    FlagValues.set(
        stopGracePeriod,
        v -> spec.container().put("StopGracePeriod", FlagValues.positive("stop-grace-period", v)));
    if (restartCondition != null
        || restartDelay != null
        || restartMaxAttempts != null
        || restartWindow != null) {
      restart(SpecTree.child(spec.task(), "RestartPolicy"));
    }
    update.applyTo(spec);
    rollback.applyTo(spec);
    container.applyTo(spec);
    balancing.applyTo(spec);
  }

  private void restart(ObjectNode policy) {
    FlagValues.set(
        restartCondition,
        v ->
            policy.put(
                "Condition",
                FlagValues.oneOf("restart-condition", v, "none", "on-failure", "any")));
    FlagValues.set(restartDelay, v -> policy.put("Delay", FlagValues.positive("restart-delay", v)));
    FlagValues.set(restartMaxAttempts, v -> policy.put("MaxAttempts", v));
    FlagValues.set(
        restartWindow, v -> policy.put("Window", FlagValues.positive("restart-window", v)));
  }

  private static String endpointMode(String mode) {
    return FlagValues.oneOf(
        "endpoint-mode", mode.toLowerCase(java.util.Locale.ROOT), "vip", "dnsrr");
  }
}
