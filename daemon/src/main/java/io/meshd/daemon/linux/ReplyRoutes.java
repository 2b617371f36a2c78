package io.meshd.daemon.linux;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Policy routing in the namespace of a task whose published ports keep the client's address: what
 * it answers from them goes over the overlay to the gateway, not out of its default route. Rules of
 * three priorities, all ours, and a routing table of two routes (ip-rule(8)):
 *
 * <ul>
 *   <li>TCP: from the address and the target port.
 *   <li>UDP: from the address, with any port, because later fragments have none and the kernel
 *       looks their way back up too when it filters by reverse path. A server that answers from an
 *       unbound socket has no address yet: it is given this one, where no closer route is.
 *   <li>ICMP: from the address, for errors about what clients sent.
 * </ul>
 *
 * The table has the subnet on the link, so that neighbours and nodes are reached as ever.
 *
 * @param device on the overlay
 * @param address the task's on it, dotted
 * @param subnet the overlay's
 * @param gateway the overlay's
 * @param ports that keep the client's address; none: no rules
 */
public record ReplyRoutes(
    String device, String address, String subnet, String gateway, Set<Port> ports) {
  private static final int TABLE = 50;
  private static final int FROM_ADDRESS = 5050;
  private static final int CLOSER = 5051;
  private static final int WITHOUT_ADDRESS = 5052;

  /**
   * @param protocol tcp or udp
   * @param number the target port
   */
  public record Port(String protocol, int number) {}

  /** The same without any rule. */
  public ReplyRoutes without() {
    return new ReplyRoutes(device, address, subnet, gateway, Set.of());
  }

  /** Makes the rules be exactly these; those that stay are not touched. */
  public void bring(Path netns) throws IOException {
    Set<String> wanted = rules();
    Set<String> there = there(netns);
    IpChanges changes = new IpChanges();
    if (!wanted.isEmpty()) {
      String way = " dev " + device + " src " + address + " table " + TABLE;
      changes.line("route replace " + subnet + way);
      changes.line("route replace default via " + gateway + way);
    }
    wanted.stream()
        .filter(rule -> !there.contains(rule))
        .forEach(r -> changes.make("rule add " + r));
    there.stream()
        .filter(rule -> !wanted.contains(rule))
        .forEach(rule -> changes.remove("rule delete " + rule));
    changes.apply(netns);
  }

  private Set<String> rules() {
    Set<String> rules = new TreeSet<>();
    for (Port port : ports) {
      rules.add(rule(FROM_ADDRESS, address, "icmp", 0));
      if (port.protocol().equals("tcp")) {
        rules.add(rule(FROM_ADDRESS, address, "tcp", port.number()));
      } else {
        rules.add(rule(FROM_ADDRESS, address, "udp", 0));
        rules.add(rule(CLOSER, "0.0.0.0", "udp", port.number()));
        rules.add(rule(WITHOUT_ADDRESS, "0.0.0.0", "udp", port.number()));
      }
    }
    return rules;
  }

  private static String rule(int priority, String source, String protocol, int port) {
    return "priority "
        + priority
        + " from "
        + source
        + "/32 ipproto "
        + protocol
        + (port == 0 ? "" : " sport " + port)
        + (priority == CLOSER ? " lookup main suppress_prefixlength 0" : " lookup " + TABLE);
  }

  /** Ours, in the words of {@link #rule}. */
  private static Set<String> there(Path netns) throws IOException {
    List<String> command = new ArrayList<>(NetworkNamespaces.enter(netns));
    command.addAll(List.of(ToolRun.find("ip"), "-j", "rule", "show"));
    ToolRun run = ToolRun.run(command, "");
    if (run.exit() != 0) {
      throw new IOException("ip rule show: " + run.err().strip());
    }
    Set<String> rules = new TreeSet<>();
    for (JsonNode rule : Json.MAPPER.readTree(run.out())) {
      int priority = rule.path("priority").asInt();
      if (priority >= FROM_ADDRESS && priority <= WITHOUT_ADDRESS) {
        rules.add(
            rule(
                priority,
                rule.path("src").asText(),
                rule.path("ipproto").asText(),
                rule.path("sport").asInt()));
      }
    }
    return rules;
  }
}
