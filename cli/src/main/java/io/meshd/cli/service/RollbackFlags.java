package io.meshd.cli.service;

import io.meshd.cli.grammar.GoDuration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --rollback-*}: how tasks are replaced on the way back. Null: not given. */
final class RollbackFlags {
  @Option(
      names = "--rollback-parallelism",
      paramLabel = "uint",
      description =
          "Maximum number of tasks rolled back simultaneously (0 to roll back all at once)")
  @Nullable Long parallelism;

  @Option(
      names = "--rollback-delay",
      paramLabel = "duration",
      description = "Delay between task rollbacks (ns|us|ms|s|m|h) (default 0s)")
  @Nullable GoDuration delay;

  @Option(
      names = "--rollback-monitor",
      paramLabel = "duration",
      description =
          "Duration after each task rollback to monitor for failure (ns|us|ms|s|m|h) (default 5s)")
  @Nullable GoDuration monitor;

  @Option(
      names = "--rollback-failure-action",
      paramLabel = "string",
      description = "Action on rollback failure (\"pause\", \"continue\")")
  @Nullable String failureAction;

  @Option(
      names = "--rollback-max-failure-ratio",
      paramLabel = "float",
      description = "Failure rate to tolerate during a rollback (default 0)")
  @Nullable Double maxFailureRatio;

  @Option(
      names = "--rollback-order",
      paramLabel = "string",
      description = "Rollback order (\"start-first\", \"stop-first\")")
  @Nullable String order;

  void applyTo(SpecTree spec) {
    new UpdateFlags.Config(parallelism, delay, monitor, failureAction, maxFailureRatio, order)
        .into(spec, "rollback", "RollbackConfig", "pause", "continue");
  }
}
