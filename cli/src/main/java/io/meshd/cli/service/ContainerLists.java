package io.meshd.cli.service;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.api.Containers;
import io.meshd.api.Json;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.grammar.KeyValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Option;

/** What a container has several of, as {@code service create} takes it. */
final class ContainerLists {
  /** These flags; {@code service update} has others for them, which change what there is. */
  static final Set<String> NAMES =
      Set.of(
          "cap-add",
          "cap-drop",
          "dns",
          "dns-option",
          "dns-search",
          "group",
          "host",
          "mount",
          "sysctl",
          "ulimit");

  @Option(names = "--cap-add", paramLabel = "list", description = "Add Linux capabilities")
  List<String> capAdd = new ArrayList<>();

  @Option(names = "--cap-drop", paramLabel = "list", description = "Drop Linux capabilities")
  List<String> capDrop = new ArrayList<>();

  @Option(names = "--dns", paramLabel = "list", description = "Set custom DNS servers")
  List<String> dns = new ArrayList<>();

  @Option(names = "--dns-option", paramLabel = "list", description = "Set DNS options")
  List<String> dnsOptions = new ArrayList<>();

  @Option(
      names = "--dns-search",
      paramLabel = "list",
      description = "Set custom DNS search domains")
  List<String> dnsSearch = new ArrayList<>();

  @Option(
      names = "--group",
      paramLabel = "list",
      description = "Set one or more supplementary user groups for the container")
  List<String> groups = new ArrayList<>();

  @Option(
      names = "--host",
      paramLabel = "list",
      description = "Set one or more custom host-to-IP mappings (host:ip)")
  List<String> hosts = new ArrayList<>();

  @Option(
      names = "--mount",
      paramLabel = "mount",
      description = "Attach a filesystem mount to the service")
  List<String> mounts = new ArrayList<>();

  @Option(names = "--sysctl", paramLabel = "list", description = "Sysctl options")
  List<KeyValue> sysctls = new ArrayList<>();

  @Option(names = "--ulimit", paramLabel = "ulimit", description = "Ulimit options")
  List<String> ulimits = new ArrayList<>();

  void applyTo(SpecTree spec) {
    put(spec, "CapabilityAdd", capAdd);
    put(spec, "CapabilityDrop", capDrop);
    put(spec, "Groups", groups);
    put(spec, "Hosts", hosts.stream().map(ContainerLists::host).toList());
    put(spec, "Mounts", mounts.stream().map(MountText::parse).toList());
    put(spec, "Ulimits", ulimits.stream().map(ContainerLists::ulimit).toList());
    if (!sysctls.isEmpty()) {
      spec.container().set("Sysctls", Json.MAPPER.valueToTree(KeyValue.map(sysctls)));
    }
    if (!dns.isEmpty() || !dnsOptions.isEmpty() || !dnsSearch.isEmpty()) {
      ObjectNode config = SpecTree.child(spec.container(), "DNSConfig");
      SpecTree.put(config, "Nameservers", dns);
      SpecTree.put(config, "Options", dnsOptions);
      SpecTree.put(config, "Search", dnsSearch);
    }
  }

  private static void put(SpecTree spec, String field, List<?> values) {
    if (!values.isEmpty()) {
      SpecTree.put(spec.container(), field, values);
    }
  }

  /** A line of a hosts file from {@code name:address}; the address may have colons. */
  private static String host(String text) {
    int colon = text.indexOf(':');
    if (colon <= 0 || colon == text.length() - 1) {
      throw new Failure(
          "invalid argument \"%s\" for \"--host\" flag: bad format for add-host: \"%s\""
              .formatted(text, text));
    }
    return text.substring(colon + 1) + " " + text.substring(0, colon);
  }

  /** {@code name=soft[:hard]}, -1 for no limit. */
  private static Containers.Ulimit ulimit(String text) {
    int equals = text.indexOf('=');
    String[] limits = text.substring(equals + 1).split(":", -1);
    try {
      long soft = Long.parseLong(limits[0]);
      long hard = limits.length > 1 ? Long.parseLong(limits[1]) : soft;
      if (equals > 0 && limits.length <= 2) {
        return new Containers.Ulimit(text.substring(0, equals), soft, hard);
      }
    } catch (NumberFormatException _) {
      // said below
    }
    throw new Failure(
        "invalid argument \"%s\" for \"--ulimit\" flag: invalid ulimit argument: %s"
            .formatted(text, text));
  }
}
