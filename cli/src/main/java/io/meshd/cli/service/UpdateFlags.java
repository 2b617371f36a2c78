package io.meshd.cli.service;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.cli.grammar.GoDuration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --update-*}: how tasks are replaced. Null: not given. */
final class UpdateFlags {
  @Option(
      names = "--update-parallelism",
      paramLabel = "uint",
      description = "Maximum number of tasks updated simultaneously (0 to update all at once)")
  @Nullable Long parallelism;

  @Option(
      names = "--update-delay",
      paramLabel = "duration",
      description = "Delay between updates (ns|us|ms|s|m|h) (default 0s)")
  @Nullable GoDuration delay;

  @Option(
      names = "--update-monitor",
      paramLabel = "duration",
      description =
          "Duration after each task update to monitor for failure (ns|us|ms|s|m|h) (default 5s)")
  @Nullable GoDuration monitor;

  @Option(
      names = "--update-failure-action",
      paramLabel = "string",
      description = "Action on update failure (\"pause\", \"continue\", \"rollback\")")
  @Nullable String failureAction;

  @Option(
      names = "--update-max-failure-ratio",
      paramLabel = "float",
      description = "Failure rate to tolerate during an update (default 0)")
  @Nullable Double maxFailureRatio;

  @Option(
      names = "--update-order",
      paramLabel = "string",
      description = "Update order (\"start-first\", \"stop-first\")")
  @Nullable String order;

  void applyTo(SpecTree spec) {
    Config config = new Config(parallelism, delay, monitor, failureAction, maxFailureRatio, order);
    config.into(spec, "update", "UpdateConfig", "pause", "continue", "rollback");
  }

  /** What {@code --update-*} and {@code --rollback-*} have in common. */
  record Config(
      @Nullable Long parallelism,
      @Nullable GoDuration delay,
      @Nullable GoDuration monitor,
      @Nullable String failureAction,
      @Nullable Double maxFailureRatio,
      @Nullable String order) {

    private boolean given() {
      return parallelism != null
          || delay != null
          || monitor != null
          || failureAction != null
          || maxFailureRatio != null
          || order != null;
    }

    /**
     * @param prefix of the flags
     * @param field of the spec
     */
    void into(SpecTree spec, String prefix, String field, String... actions) {
      if (!given()) {
        return;
      }
      ObjectNode config = SpecTree.child(spec.root(), field);
      if (config.isEmpty()) {
        config.put("Parallelism", 1L);
      }
      FlagValues.set(parallelism, v -> config.put("Parallelism", v));
      FlagValues.set(delay, v -> config.put("Delay", FlagValues.positive(prefix + "-delay", v)));
      FlagValues.set(
          monitor, v -> config.put("Monitor", FlagValues.positive(prefix + "-monitor", v)));
      FlagValues.set(
          failureAction,
          v ->
              config.put(
                  "FailureAction", FlagValues.oneOf(prefix + "-failure-action", v, actions)));
      FlagValues.set(maxFailureRatio, v -> config.put("MaxFailureRatio", v));
      FlagValues.set(
          order,
          v ->
              config.put(
                  "Order", FlagValues.oneOf(prefix + "-order", v, "start-first", "stop-first")));
    }
  }
}
