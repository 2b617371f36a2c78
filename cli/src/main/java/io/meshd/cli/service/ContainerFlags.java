package io.meshd.cli.service;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.api.Json;
import io.meshd.cli.grammar.GoDuration;
import io.meshd.cli.grammar.KeyValue;
import io.meshd.cli.grammar.ShellWords;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What only containers have, as {@code service create} and {@code update} share it. */
final class ContainerFlags {
  @Option(
      names = "--entrypoint",
      paramLabel = "command",
      description = "Overwrite the default ENTRYPOINT of the image")
  @Nullable String entrypoint;

  @Option(
      names = "--health-cmd",
      paramLabel = "string",
      description = "Command to run to check health")
  @Nullable String healthCommand;

  @Option(
      names = "--health-interval",
      paramLabel = "duration",
      description = "Time between running the check (ms|s|m|h)")
  @Nullable GoDuration healthInterval;

  @Option(
      names = "--health-retries",
      paramLabel = "int",
      description = "Consecutive failures needed to report unhealthy")
  @Nullable Long healthRetries;

  @Option(
      names = "--health-start-period",
      paramLabel = "duration",
      description =
          "Start period for the container to initialize before counting retries towards unstable"
              + " (ms|s|m|h)")
  @Nullable GoDuration healthStartPeriod;

  @Option(
      names = "--health-timeout",
      paramLabel = "duration",
      description = "Maximum time to allow one check to run (ms|s|m|h)")
  @Nullable GoDuration healthTimeout;

  @Option(names = "--no-healthcheck", description = "Disable any container-specified HEALTHCHECK")
  boolean noHealthcheck;

  @Option(
      names = "--init",
      arity = "0..1",
      description =
          "Use an init inside each service container to forward signals and reap processes")
  @Nullable Boolean init;

  @Option(
      names = "--oom-score-adj",
      paramLabel = "int",
      description = "Tune host's OOM preferences (-1000 to 1000)")
  @Nullable Integer oomScoreAdj;

  @Option(
      names = "--read-only",
      arity = "0..1",
      description = "Mount the container's root filesystem as read only")
  @Nullable Boolean readOnly;

  @Option(
      names = {"-t", "--tty"},
      arity = "0..1",
      description = "Allocate a pseudo-TTY")
  @Nullable Boolean tty;

  @Option(names = "--limit-cpu", paramLabel = "decimal", description = "Limit CPUs")
  @Nullable String limitCpu;

  @Option(names = "--limit-memory", paramLabel = "bytes", description = "Limit Memory")
  @Nullable String limitMemory;

  @Option(
      names = "--limit-pids",
      paramLabel = "int",
      description = "Limit maximum number of processes (default 0 = unlimited)")
  @Nullable Long limitPids;

  @Option(names = "--reserve-cpu", paramLabel = "decimal", description = "Reserve CPUs")
  @Nullable String reserveCpu;

  @Option(names = "--reserve-memory", paramLabel = "bytes", description = "Reserve Memory")
  @Nullable String reserveMemory;

  @Option(names = "--log-driver", paramLabel = "string", description = "Logging driver for service")
  @Nullable String logDriver;

  @Option(names = "--log-opt", paramLabel = "list", description = "Logging driver options")
  List<KeyValue> logOptions = new ArrayList<>();

  void applyTo(SpecTree spec) {
    FlagValues.set(entrypoint, v -> SpecTree.put(spec.container(), "Command", ShellWords.split(v)));
    FlagValues.set(init, v -> spec.container().put("Init", v));
    FlagValues.set(oomScoreAdj, v -> spec.container().put("OomScoreAdj", v));
    FlagValues.set(readOnly, v -> spec.container().put("ReadOnly", v));
    FlagValues.set(tty, v -> spec.container().put("TTY", v));
    health(spec);
    FlagValues.set(limitCpu, v -> limits(spec).put("NanoCPUs", Quantities.cpus("limit-cpu", v)));
    FlagValues.set(
        limitMemory, v -> limits(spec).put("MemoryBytes", Quantities.bytes("limit-memory", v)));
    FlagValues.set(limitPids, v -> limits(spec).put("Pids", v));
    FlagValues.set(
        reserveCpu, v -> reservations(spec).put("NanoCPUs", Quantities.cpus("reserve-cpu", v)));
    FlagValues.set(
        reserveMemory,
        v -> reservations(spec).put("MemoryBytes", Quantities.bytes("reserve-memory", v)));
    if (logDriver != null || !logOptions.isEmpty()) {
      ObjectNode driver = SpecTree.child(spec.task(), "LogDriver");
      FlagValues.set(logDriver, v -> driver.put("Name", v));
      driver.set("Options", Json.MAPPER.valueToTree(KeyValue.map(logOptions)));
    }
  }

  private void health(SpecTree spec) {
    if (noHealthcheck) {
      FlagValues.require(
          healthCommand == null
              && healthInterval == null
              && healthRetries == null
              && healthStartPeriod == null
              && healthTimeout == null,
          "--no-healthcheck conflicts with --health-* options");
      SpecTree.put(SpecTree.child(spec.container(), "Healthcheck"), "Test", List.of("NONE"));
      return;
    }
    FlagValues.set(
        healthCommand,
        v ->
            SpecTree.put(
                SpecTree.child(spec.container(), "Healthcheck"),
                "Test",
                v.isEmpty() ? List.of() : List.of("CMD-SHELL", v)));
    duration(spec, "health-interval", "Interval", healthInterval);
    duration(spec, "health-start-period", "StartPeriod", healthStartPeriod);
    duration(spec, "health-timeout", "Timeout", healthTimeout);
    FlagValues.set(
        healthRetries, v -> SpecTree.child(spec.container(), "Healthcheck").put("Retries", v));
  }

  private static void duration(
      SpecTree spec, String flag, String field, @Nullable GoDuration value) {
    FlagValues.set(
        value,
        v ->
            SpecTree.child(spec.container(), "Healthcheck")
                .put(field, FlagValues.positive(flag, v)));
  }

  private static ObjectNode limits(SpecTree spec) {
    return SpecTree.child(SpecTree.child(spec.task(), "Resources"), "Limits");
  }

  private static ObjectNode reservations(SpecTree spec) {
    return SpecTree.child(SpecTree.child(spec.task(), "Resources"), "Reservations");
  }
}
