package io.meshd.cli.service;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.api.Containers;
import io.meshd.api.Json;
import io.meshd.cli.grammar.DomainSpec;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.grammar.HostSpec;
import io.meshd.cli.grammar.IpSpec;
import io.meshd.cli.grammar.KeyValue;
import io.meshd.cli.grammar.MountSpec;
import io.meshd.cli.grammar.UlimitSpec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import picocli.CommandLine.Option;

/**
 * What a container has several of, as {@code service update} changes it: what is there stays,
 * unless it is removed or takes another value. Lists are sent back in Docker's order, so that the
 * same list is no change.
 */
final class ContainerListEdits {
  @Option(names = "--cap-add", paramLabel = "list", description = "Add Linux capabilities")
  List<String> capAdd = new ArrayList<>();

  @Option(names = "--cap-drop", paramLabel = "list", description = "Drop Linux capabilities")
  List<String> capDrop = new ArrayList<>();

  @Option(
      names = "--dns-add",
      paramLabel = "list",
      description = "Add or update a custom DNS server")
  List<IpSpec> dnsAdd = new ArrayList<>();

  @Option(names = "--dns-rm", paramLabel = "list", description = "Remove a custom DNS server")
  List<String> dnsRemove = new ArrayList<>();

  @Option(
      names = "--dns-option-add",
      paramLabel = "list",
      description = "Add or update a DNS option")
  List<String> dnsOptionAdd = new ArrayList<>();

  @Option(names = "--dns-option-rm", paramLabel = "list", description = "Remove a DNS option")
  List<String> dnsOptionRemove = new ArrayList<>();

  @Option(
      names = "--dns-search-add",
      paramLabel = "list",
      description = "Add or update a custom DNS search domain")
  List<DomainSpec> dnsSearchAdd = new ArrayList<>();

  @Option(
      names = "--dns-search-rm",
      paramLabel = "list",
      description = "Remove a DNS search domain")
  List<String> dnsSearchRemove = new ArrayList<>();

  @Option(
      names = "--group-add",
      paramLabel = "list",
      description = "Add an additional supplementary user group to the container")
  List<String> groupAdd = new ArrayList<>();

  @Option(
      names = "--group-rm",
      paramLabel = "list",
      description = "Remove a previously added supplementary user group from the container")
  List<String> groupRemove = new ArrayList<>();

  @Option(
      names = "--host-add",
      paramLabel = "list",
      description = "Add a custom host-to-IP mapping (\"host:ip\")")
  List<HostSpec> hostAdd = new ArrayList<>();

  @Option(
      names = "--host-rm",
      paramLabel = "list",
      description = "Remove a custom host-to-IP mapping (\"host:ip\")")
  List<String> hostRemove = new ArrayList<>();

  @Option(
      names = "--mount-add",
      paramLabel = "mount",
      description = "Add or update a mount on a service")
  List<MountSpec> mountAdd = new ArrayList<>();

  @Option(
      names = "--mount-rm",
      paramLabel = "list",
      description = "Remove a mount by its target path")
  List<String> mountRemove = new ArrayList<>();

  @Option(
      names = "--sysctl-add",
      paramLabel = "list",
      description = "Add or update a Sysctl option")
  List<String> sysctlAdd = new ArrayList<>();

  @Option(names = "--sysctl-rm", paramLabel = "list", description = "Remove a Sysctl option")
  List<String> sysctlRemove = new ArrayList<>();

  @Option(
      names = "--ulimit-add",
      paramLabel = "ulimit",
      description = "Add or update a ulimit option")
  List<UlimitSpec> ulimitAdd = new ArrayList<>();

  @Option(names = "--ulimit-rm", paramLabel = "list", description = "Remove a ulimit option")
  List<String> ulimitRemove = new ArrayList<>();

  /** Whether any of these was given. */
  boolean given() {
    return any(
            capAdd,
            capDrop,
            dnsAdd,
            dnsRemove,
            dnsOptionAdd,
            dnsOptionRemove,
            dnsSearchAdd,
            dnsSearchRemove)
        || any(groupAdd, groupRemove, hostAdd, hostRemove, mountAdd, mountRemove)
        || any(sysctlAdd, sysctlRemove, ulimitAdd, ulimitRemove);
  }

  private static boolean any(List<?>... flags) {
    for (List<?> flag : flags) {
      if (!flag.isEmpty()) {
        return true;
      }
    }
    return false;
  }

  /**
   * @throws Failure in Docker's words, where two of the flags contradict each other
   */
  void applyTo(SpecTree spec) {
    ObjectNode container = spec.container();
    if (any(capAdd, capDrop)) {
      capabilities(container);
    }
    if (any(dnsAdd, dnsRemove, dnsOptionAdd, dnsOptionRemove, dnsSearchAdd, dnsSearchRemove)) {
      names(SpecTree.child(container, "DNSConfig"));
    }
    if (any(groupAdd, groupRemove)) {
      List<String> groups = new ArrayList<>(SpecTree.strings(container, "Groups"));
      groups.addAll(groupAdd);
      groups.removeAll(groupRemove);
      groups.sort(null);
      SpecTree.put(container, "Groups", groups);
    }
    if (any(hostAdd, hostRemove)) {
      hosts(container);
    }
    if (any(mountAdd, mountRemove)) {
      mounts(container);
    }
    if (any(sysctlAdd, sysctlRemove)) {
      sysctls(container);
    }
    if (any(ulimitAdd, ulimitRemove)) {
      ulimits(container);
    }
  }

  private void capabilities(ObjectNode container) {
    Capabilities now =
        new Capabilities(
                SpecTree.strings(container, "CapabilityAdd"),
                SpecTree.strings(container, "CapabilityDrop"))
            .changed(capAdd, capDrop);
    SpecTree.put(container, "CapabilityAdd", now.add());
    SpecTree.put(container, "CapabilityDrop", now.drop());
  }

  private void names(ObjectNode config) {
    edit(config, "Nameservers", dnsAdd.stream().map(IpSpec::address).toList(), dnsRemove);
    edit(config, "Search", dnsSearchAdd.stream().map(DomainSpec::name).toList(), dnsSearchRemove);
    edit(config, "Options", dnsOptionAdd, dnsOptionRemove);
  }

  /** A list in which each is once, in order. */
  private static void edit(
      ObjectNode parent, String field, List<String> add, Collection<String> remove) {
    Set<String> all = new TreeSet<>(SpecTree.strings(parent, field));
    all.addAll(add);
    remove.forEach(all::remove);
    SpecTree.put(parent, field, List.copyOf(all));
  }

  /**
   * Lines of a hosts file, each with an address and names; {@code name:address} is of that line.
   */
  private void hosts(ObjectNode container) {
    Set<String> lines = new LinkedHashSet<>();
    for (String line : SpecTree.strings(container, "Hosts")) {
      List<String> words = new ArrayList<>(List.of(line.strip().split("\\s+", -1)));
      String address = words.removeFirst();
      for (String removed : hostRemove) {
        int colon = removed.indexOf(':');
        String name = colon < 0 ? removed : removed.substring(0, colon);
        String only = colon < 0 ? "" : removed.substring(colon + 1);
        if (only.isEmpty() || only.equals(address)) {
          words.removeIf(name::equals);
        }
      }
      if (!words.isEmpty()) {
        lines.add(address + " " + String.join(" ", words));
      }
    }
    hostAdd.forEach(added -> lines.add(added.line()));
    SpecTree.put(container, "Hosts", List.copyOf(lines));
  }

  /** By their targets; what is removed is so also where it has just been added. */
  private void mounts(ObjectNode container) {
    Map<String, JsonNode> byTarget = new LinkedHashMap<>();
    for (MountSpec added : mountAdd) {
      Containers.Mount mount = added.mount();
      if (byTarget.put(String.valueOf(mount.target()), Json.MAPPER.valueToTree(mount)) != null) {
        throw new Failure("duplicate mount target");
      }
    }
    container.path("Mounts").forEach(old -> byTarget.putIfAbsent(text(old, "Target"), old));
    mountRemove.forEach(byTarget::remove);
    SpecTree.put(
        container,
        "Mounts",
        byTarget.values().stream()
            .sorted(
                Comparator.comparing((JsonNode mount) -> text(mount, "Source"))
                    .thenComparing(mount -> text(mount, "Target")))
            .toList());
  }

  private static String text(JsonNode parent, String field) {
    return parent.path(field).asText("");
  }

  private void sysctls(ObjectNode container) {
    ObjectNode sysctls = SpecTree.child(container, "Sysctls");
    sysctls.remove(KeyValue.cut(sysctlRemove).keySet());
    KeyValue.cut(sysctlAdd).forEach(sysctls::put);
    if (sysctls.isEmpty()) {
      container.remove("Sysctls");
    }
  }

  private void ulimits(ObjectNode container) {
    Map<String, JsonNode> byName = new TreeMap<>();
    container.path("Ulimits").forEach(limit -> byName.put(text(limit, "Name"), limit));
    byName.keySet().removeAll(KeyValue.cut(ulimitRemove).keySet());
    ulimitAdd.forEach(added -> byName.put(added.name(), Json.MAPPER.valueToTree(added.limit())));
    SpecTree.put(container, "Ulimits", List.copyOf(byName.values()));
  }
}
