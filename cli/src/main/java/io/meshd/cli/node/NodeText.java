package io.meshd.cli.node;

import io.meshd.api.Nodes;
import io.meshd.cli.format.HumanText;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** {@code node inspect --pretty}. */
final class NodeText {
  private NodeText() {}

  static String of(Nodes.Node node) {
    StringBuilder out = new StringBuilder();
    line(out, "ID:\t\t\t" + node.id());
    String name = node.spec().name();
    if (name != null && !name.isEmpty()) {
      line(out, "Name:\t\t\t" + name);
    }
    labels(out, node.spec().labels());
    line(out, "Hostname:              \t" + node.description().hostname());
    line(
        out,
        "Joined at:             \t" + HumanText.goTime(node.createdAt()).toLowerCase(Locale.ROOT));
    line(out, "Status:");
    line(out, " State:\t\t\t" + HumanText.capital(node.status().state()));
    String message = node.status().message();
    if (message != null && !message.isEmpty()) {
      line(out, " Message:              \t" + HumanText.capital(message));
    }
    line(out, " Availability:         \t" + HumanText.capital(node.spec().availability()));
    String address = node.status().addr();
    if (address != null && !address.isEmpty()) {
      line(out, " Address:\t\t" + address);
    }
    manager(out, node.managerStatus());
    line(out, "Platform:");
    line(out, " Operating System:\t" + node.description().platform().os());
    line(out, " Architecture:\t\t" + node.description().platform().architecture());
    line(out, "Resources:");
    line(out, " CPUs:\t\t\t" + cpus(node.description().resources().nanoCpus()));
    line(out, " Memory:\t\t" + HumanText.bytes(node.description().resources().memoryBytes()));
    line(out, "Engine Version:\t\t" + node.description().engine().engineVersion());
    return out.toString();
  }

  private static void labels(StringBuilder out, @Nullable Map<String, String> labels) {
    if (labels == null || labels.isEmpty()) {
      return;
    }
    line(out, "Labels:");
    new TreeMap<>(labels)
        .forEach((key, value) -> line(out, " - " + key + (value.isEmpty() ? "" : "=" + value)));
  }

  private static void manager(StringBuilder out, Nodes.@Nullable ManagerStatus status) {
    if (status == null) {
      return;
    }
    line(out, "Manager Status:");
    line(out, " Address:\t\t" + status.addr());
    line(out, " Raft Status:\t\t" + HumanText.capital(status.reachability()));
    line(out, " Leader:\t\t" + (Boolean.TRUE.equals(status.leader()) ? "Yes" : "No"));
  }

  private static String cpus(long nano) {
    return String.valueOf(nano / 1_000_000_000L);
  }

  private static void line(StringBuilder out, String text) {
    out.append(text).append('\n');
  }
}
