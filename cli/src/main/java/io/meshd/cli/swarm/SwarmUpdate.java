package io.meshd.cli.swarm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.grammar.GoDuration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What meshd cannot change is the daemon's to refuse, where it would change. */
@Command(description = "Update the swarm")
@Arguments(usage = "[OPTIONS]", max = 0)
public final class SwarmUpdate extends CliCommand {
  @Option(
      names = "--autolock",
      arity = "0..1",
      description = "Change manager autolocking setting (true|false)")
  @Nullable Boolean autolock;

  @Option(
      names = "--cert-expiry",
      paramLabel = "duration",
      description = "Validity period for node certificates (ns|us|ms|s|m|h)")
  @Nullable GoDuration certExpiry;

  @Option(
      names = "--dispatcher-heartbeat",
      paramLabel = "duration",
      description = "Dispatcher heartbeat period (ns|us|ms|s|m|h)")
  @Nullable GoDuration heartbeat;

  @Option(
      names = "--task-history-limit",
      paramLabel = "int",
      description = "Task history retention limit; negative keeps all")
  @Nullable Integer historyLimit;

  @Override
  public Set<String> unsupportedFlags() {
    return Set.of("external-ca", "max-snapshots", "snapshot-interval");
  }

  @Override
  public int run() {
    if (autolock == null && certExpiry == null && heartbeat == null && historyLimit == null) {
      throw new Failure("nothing to update: give at least one flag");
    }
    JsonNode swarm = api().getTree(Paths.SWARM);
    if (!(swarm.path("Spec") instanceof ObjectNode spec)) {
      throw new Failure("the swarm has no spec");
    }
    boolean locked = UnlockInstructions.isLocked(spec);
    if (autolock != null) {
      part(spec, "EncryptionConfig").put("AutoLockManagers", autolock);
    }
    if (certExpiry != null) {
      part(spec, "CAConfig").put("NodeCertExpiry", certExpiry.nanos());
    }
    if (heartbeat != null) {
      part(spec, "Dispatcher").put("HeartbeatPeriod", heartbeat.nanos());
    }
    if (historyLimit != null) {
      part(spec, "Orchestration").put("TaskHistoryRetentionLimit", historyLimit);
    }
    long version = swarm.path("Version").path("Index").asLong();
    api().call("POST", Paths.SWARM + "/update?version=" + version, spec);
    out().println("Swarm updated.");
    if (!locked && UnlockInstructions.isLocked(spec)) {
      new UnlockInstructions(api(), out()).print();
    }
    return 0;
  }

  private static ObjectNode part(ObjectNode spec, String name) {
    return spec.path(name) instanceof ObjectNode there ? there : spec.putObject(name);
  }
}
