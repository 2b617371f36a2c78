package io.meshd.daemon.linux;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Ports of the host that lead to a task on one of the node's bridges: destination NAT in a table of
 * our own, for what comes from outside, from the host itself (127.0.0.0/8 too) and from tasks. A
 * client's address stays as it is, except where the answer would not come back this way: clients on
 * the task's own bridge and on the host's loopback.
 */
public final class HostPortRules {
  private static final String TABLE = "meshd_ports";

  private final @Nullable Path hostNetns;
  private final NodeBridges.Subnets subnets;
  private Set<Rule> applied = Set.of();

  /**
   * @param hostIp the only address that leads there; null for every address of the host
   * @param address the task's, dotted IPv4
   */
  public record Rule(
      String protocol, @Nullable String hostIp, int published, String address, int target)
      implements Comparable<Rule> {
    @Override
    public int compareTo(Rule other) {
      return toString().compareTo(other.toString());
    }

    private String statement() {
      return "    %s %s dport %d dnat to %s:%d\n"
          .formatted(
              hostIp == null ? "fib daddr type local" : "ip daddr " + hostIp,
              protocol,
              published,
              address,
              target);
    }
  }

  public HostPortRules(@Nullable Path hostNetns, NodeBridges.Subnets subnets) {
    this.hostNetns = hostNetns;
    this.subnets = subnets;
  }

  /** Makes exactly these rules be there, whatever was before, in one transaction. */
  public void apply(Collection<Rule> rules) throws IOException {
    Set<Rule> wanted = new TreeSet<>(rules);
    if (wanted.isEmpty()) {
      NftScript.removeTable("ip", TABLE).apply(hostNetns);
    } else {
      Map<String, String> settings = new LinkedHashMap<>();
      for (String bridge : new String[] {NodeBridges.LOCAL, NodeBridges.GATEWAY}) {
        // Answers to 127.0.0.1 come in on the bridge; what asks for it from there is dropped.
        settings.put("ipv4/conf/" + bridge + "/route_localnet", "1");
      }
      Sysctls.apply(hostNetns, settings);
      NftScript.replaceTable("ip", TABLE, body(wanted)).apply(hostNetns);
    }
    forgetUdpFlows(wanted);
    applied = wanted;
  }

  private String body(Set<Rule> rules) {
    StringBuilder statements = new StringBuilder();
    rules.forEach(rule -> statements.append(rule.statement()));
    return """
      chain prerouting {
        type nat hook prerouting priority dstnat; policy accept;
    %1$s  }
      chain output {
        type nat hook output priority -100; policy accept;
    %1$s  }
      chain postrouting {
        type nat hook postrouting priority srcnat - 1; policy accept;
        ct status dnat ip saddr 127.0.0.0/8 oifname { "%4$s", "%5$s" } masquerade
        ct status dnat ip saddr %2$s oifname "%4$s" masquerade
        ct status dnat ip saddr %3$s oifname "%5$s" masquerade
      }
      chain loopback {
        type filter hook prerouting priority raw; policy accept;
        iifname { "%4$s", "%5$s" } ip daddr 127.0.0.0/8 drop
      }
    """
        .formatted(
            statements, subnets.local(), subnets.gateway(), NodeBridges.LOCAL, NodeBridges.GATEWAY);
  }

  /**
   * A UDP client that goes on sending would keep the way that its first datagram found, or that
   * there was none. Where conntrack(8) is not installed it does so until it is silent for 30 s.
   */
  private void forgetUdpFlows(Set<Rule> wanted) throws IOException {
    Set<Integer> ports = new TreeSet<>();
    wanted.stream().filter(rule -> !applied.contains(rule)).forEach(rule -> add(rule, ports));
    applied.stream().filter(rule -> !wanted.contains(rule)).forEach(rule -> add(rule, ports));
    if (!ports.isEmpty() && ToolRun.installed("conntrack")) {
      for (int port : ports) {
        List<String> command = new ArrayList<>(NetworkNamespaces.enter(hostNetns));
        command.add(ToolRun.find("conntrack"));
        command.addAll(List.of("-D", "-p", "udp", "--orig-port-dst", Integer.toString(port)));
        // Exit 1 says that there was none.
        ToolRun.run(command, "");
      }
    }
  }

  private static void add(Rule rule, Set<Integer> udpPorts) {
    if (rule.protocol.equals("udp")) {
      udpPorts.add(rule.published);
    }
  }
}
