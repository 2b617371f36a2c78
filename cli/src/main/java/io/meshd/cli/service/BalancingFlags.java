package io.meshd.cli.service;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.grammar.GoDuration;
import io.meshd.cli.grammar.KeyValue;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * {@code --endpoint-*} beyond Docker's: how a virtual IP and published ports choose a task. Null:
 * not given.
 */
final class BalancingFlags {
  @Option(
      names = "--endpoint-affinity",
      paramLabel = "string",
      description = "What keeps a client on one task: \"none\" or \"client-ip\" (default \"none\")")
  @Nullable String affinity;

  @Option(
      names = "--endpoint-prefer-local",
      arity = "0..1",
      description = "Choose tasks on the same node while there are any")
  @Nullable Boolean preferLocal;

  @Option(
      names = "--endpoint-weight",
      paramLabel = "node=weight",
      description = "Share of each task on a node, 0 to 1000 (default 100)")
  List<KeyValue> weights = new ArrayList<>();

  @Option(
      names = "--endpoint-slow-start",
      paramLabel = "duration",
      description =
          "Time in which a new task's share grows to a full one (ns|us|ms|s|m|h) (default 0s)")
  @Nullable GoDuration slowStart;

  @Option(
      names = "--endpoint-eject",
      arity = "0..1",
      description = "Leave out tasks that refuse connections for a while (default true)")
  @Nullable Boolean eject;

  @Option(
      names = "--publish-with-dnsrr",
      arity = "0..1",
      description = "Allow ports published in ingress mode together with endpoint mode dnsrr")
  @Nullable Boolean withDnsrr;

  void applyTo(SpecTree spec) {
    FlagValues.set(withDnsrr, v -> spec.endpoint().put("IngressDNSRR", v));
    if (affinity == null
        && preferLocal == null
        && weights.isEmpty()
        && slowStart == null
        && eject == null) {
      return;
    }
    ObjectNode balancing = SpecTree.child(spec.endpoint(), "Balancing");
    FlagValues.set(
        affinity,
        v ->
            balancing.put(
                "Affinity", FlagValues.oneOf("endpoint-affinity", v, "none", "client-ip")));
    FlagValues.set(preferLocal, v -> balancing.put("PreferLocal", v));
    FlagValues.set(
        slowStart, v -> balancing.put("SlowStart", FlagValues.positive("endpoint-slow-start", v)));
    FlagValues.set(eject, v -> balancing.put("EjectOutliers", v));
    for (KeyValue weight : weights) {
      SpecTree.child(balancing, "Weights").put(weight.key(), weight(weight));
    }
  }

  private static int weight(KeyValue given) {
    String value = given.value();
    if (value.isEmpty() || value.length() > 6 || !value.chars().allMatch(Character::isDigit)) {
      throw new Failure(
          "invalid value \"%s=%s\" for --endpoint-weight: must be NODE=N, with N from 0 to 1000"
              .formatted(given.key(), value));
    }
    return Integer.parseInt(value);
  }
}
