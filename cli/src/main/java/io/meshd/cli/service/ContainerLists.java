package io.meshd.cli.service;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.api.Containers;
import io.meshd.api.Json;
import io.meshd.cli.grammar.DomainSpec;
import io.meshd.cli.grammar.HostSpec;
import io.meshd.cli.grammar.IpSpec;
import io.meshd.cli.grammar.KeyValue;
import io.meshd.cli.grammar.MountSpec;
import io.meshd.cli.grammar.UlimitSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Option;

/**
 * What a container has several of, as {@code service create} takes it; {@link ContainerListEdits}
 * is {@code service update}'s.
 */
final class ContainerLists {
  @Option(names = "--cap-add", paramLabel = "list", description = "Add Linux capabilities")
  List<String> capAdd = new ArrayList<>();

  @Option(names = "--cap-drop", paramLabel = "list", description = "Drop Linux capabilities")
  List<String> capDrop = new ArrayList<>();

  @Option(names = "--dns", paramLabel = "list", description = "Set custom DNS servers")
  List<IpSpec> dns = new ArrayList<>();

  @Option(names = "--dns-option", paramLabel = "list", description = "Set DNS options")
  List<String> dnsOptions = new ArrayList<>();

  @Option(
      names = "--dns-search",
      paramLabel = "list",
      description = "Set custom DNS search domains")
  List<DomainSpec> dnsSearch = new ArrayList<>();

  @Option(
      names = "--group",
      paramLabel = "list",
      description = "Set one or more supplementary user groups for the container")
  List<String> groups = new ArrayList<>();

  @Option(
      names = "--host",
      paramLabel = "list",
      description = "Set one or more custom host-to-IP mappings (host:ip)")
  List<HostSpec> hosts = new ArrayList<>();

  @Option(
      names = "--mount",
      paramLabel = "mount",
      description = "Attach a filesystem mount to the service")
  List<MountSpec> mounts = new ArrayList<>();

  @Option(names = "--sysctl", paramLabel = "list", description = "Sysctl options")
  List<String> sysctls = new ArrayList<>();

  @Option(names = "--ulimit", paramLabel = "ulimit", description = "Ulimit options")
  List<UlimitSpec> ulimits = new ArrayList<>();

  void applyTo(SpecTree spec) {
    Capabilities capabilities = Capabilities.of(capAdd, capDrop);
    put(spec, "CapabilityAdd", capabilities.add());
    put(spec, "CapabilityDrop", capabilities.drop());
    put(spec, "Groups", groups);
    put(spec, "Hosts", hosts.stream().map(HostSpec::line).toList());
    put(spec, "Mounts", mounts.stream().map(MountSpec::mount).toList());
    Map<String, Containers.Ulimit> limits = new TreeMap<>();
    ulimits.forEach(each -> limits.put(each.name(), each.limit()));
    put(spec, "Ulimits", List.copyOf(limits.values()));
    if (!sysctls.isEmpty()) {
      spec.container().set("Sysctls", Json.MAPPER.valueToTree(KeyValue.cut(sysctls)));
    }
    if (!dns.isEmpty() || !dnsOptions.isEmpty() || !dnsSearch.isEmpty()) {
      ObjectNode config = SpecTree.child(spec.container(), "DNSConfig");
      SpecTree.put(config, "Nameservers", dns.stream().map(IpSpec::address).toList());
      SpecTree.put(config, "Options", dnsOptions);
      SpecTree.put(config, "Search", dnsSearch.stream().map(DomainSpec::name).toList());
    }
  }

  private static void put(SpecTree spec, String field, List<?> values) {
    if (!values.isEmpty()) {
      SpecTree.put(spec.container(), field, values);
    }
  }
}
