package io.meshd.daemon.linux;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.meshd.api.Json;
import io.meshd.daemon.disk.DurableFiles;
import io.meshd.ipam.Ipv4;
import io.meshd.ipam.Mac;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * This node's two bridges and the way out of them.
 *
 * <ul>
 *   <li>{@value #LOCAL}: where tasks live that have no network; neighbours reach each other.
 *   <li>{@value #GATEWAY}: the way out of tasks on overlays; its ports are isolated, so that
 *       nothing passes from task to task.
 * </ul>
 *
 * Both are masqueraded behind the node, and nothing is forwarded between them but what asked for a
 * published port. Their subnets are chosen once and kept on disk: 172.17.0.0/16 and 172.18.0.0/16
 * where they are free, as Docker's are, and beside a Docker Engine, which has those, the last free.
 */
public final class NodeBridges {
  public static final String LOCAL = "mesh_bridge";
  public static final String GATEWAY = "mesh_gwbridge";
  public static final int MTU = 1500;
  private static final String TABLE = "meshd";

  private final @Nullable Path hostNetns;
  private final Path file;

  /** The bridges' subnets, 172.17.0.0/16. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record Subnets(
      @JsonProperty("local") String local, @JsonProperty("gateway") String gateway) {}

  /**
   * @param hostNetns the namespace the bridges are to be in, null for the daemon's own
   * @param file where the subnets are remembered
   */
  public NodeBridges(@Nullable Path hostNetns, Path file) {
    this.hostNetns = hostNetns;
    this.file = file;
  }

  /** Makes everything that is not there; repeats without effect. */
  public Subnets ensure() throws IOException {
    Subnets subnets = subnets();
    Sysctls.apply(hostNetns, Map.of("ipv4/ip_forward", "1"));
    IpChanges changes = new IpChanges();
    bridge(changes, LOCAL, subnets.local());
    bridge(changes, GATEWAY, subnets.gateway());
    changes.apply(hostNetns);
    NftScript.replaceTable("inet", TABLE, rules(subnets)).apply(hostNetns);
    ensureDockerForwards();
    return subnets;
  }

  /**
   * Docker sets the policy of FORWARD to drop; what it lets an operator accept goes into its chain
   * DOCKER-USER. Does nothing where that chain is not, so call it now and then: dockerd may start
   * later than this daemon.
   */
  public void ensureDockerForwards() throws IOException {
    changeDockerForwards("-C", "-I");
  }

  /** Removes bridges and rules, and forgets the subnets. Forwarding on the host stays on. */
  public void remove() throws LinuxException {
    Problems problems = new Problems();
    problems.attempt(
        () ->
            new IpChanges()
                .remove("link delete dev " + LOCAL)
                .remove("link delete dev " + GATEWAY)
                .apply(hostNetns));
    problems.attempt(() -> NftScript.removeTable("inet", TABLE).apply(hostNetns));
    problems.attempt(() -> changeDockerForwards("-C", "-D"));
    problems.attempt(() -> Files.deleteIfExists(file));
    problems.throwIfAny();
  }

  /** The first host address of a bridge's subnet: the bridge itself. */
  public static String gatewayOf(String subnet) {
    return subnet.substring(0, subnet.indexOf(".0.0/")) + ".0.1";
  }

  private Subnets subnets() throws IOException {
    try {
      return Json.MAPPER.readValue(Files.readAllBytes(file), Subnets.class);
    } catch (NoSuchFileException e) {
      List<String> taken = new ArrayList<>(HostSubnets.routes(hostNetns));
      // A container's default network and its way out are the Engine's, where their users expect
      // them.
      boolean last = HostSubnets.besideDocker(hostNetns);
      String local = last ? HostSubnets.lastFree(17, taken) : HostSubnets.firstFree(17, taken);
      taken.add(local);
      String gateway = last ? HostSubnets.lastFree(18, taken) : HostSubnets.firstFree(18, taken);
      Subnets chosen = new Subnets(local, gateway);
      DurableFiles.write(file, Json.bytes(chosen));
      return chosen;
    }
  }

  private static void bridge(IpChanges changes, String name, String subnet) {
    String gateway = gatewayOf(subnet);
    changes
        .make("link add name " + name + " type bridge")
        // Its own MAC: a bridge without one takes that of a port and changes it with the ports.
        .line("link set dev " + name + " address " + Mac.of(Ipv4.parse(gateway)) + " mtu " + MTU)
        .line("link set dev " + name + " addrgenmode none up")
        .line(
            "address replace "
                + gateway
                + "/16 broadcast "
                + subnet.substring(0, subnet.indexOf(".0.0/"))
                + ".255.255 dev "
                + name);
  }

  private static String rules(Subnets subnets) {
    return """
      chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        ip saddr %1$s oifname != "%3$s" masquerade
        ip saddr %2$s oifname != "%4$s" masquerade
      }
      chain forward {
        type filter hook forward priority filter; policy accept;
        ct status dnat accept
        iifname "%4$s" oifname { "%3$s", "%4$s" } drop
        iifname "%3$s" oifname "%4$s" drop
      }
    """
        .formatted(subnets.local(), subnets.gateway(), LOCAL, GATEWAY);
  }

  private void changeDockerForwards(String check, String change) throws IOException {
    if (!ToolRun.installed("iptables") || iptables(List.of("-S", "DOCKER-USER")).exit() != 0) {
      return;
    }
    for (String bridge : List.of(LOCAL, GATEWAY)) {
      List<List<String>> rules =
          List.of(
              List.of("-i", bridge, "-j", "ACCEPT"),
              List.of(
                  "-o",
                  bridge,
                  "-m",
                  "conntrack",
                  "--ctstate",
                  "RELATED,ESTABLISHED,DNAT",
                  "-j",
                  "ACCEPT"));
      for (List<String> rule : rules) {
        boolean there = iptables(List.of(check, "DOCKER-USER"), rule).exit() == 0;
        if (there == change.equals("-D")) {
          ToolRun run = iptables(List.of(change, "DOCKER-USER"), rule);
          if (run.exit() != 0) {
            throw new LinuxException(List.of("iptables: " + run.err().strip()));
          }
        }
      }
    }
  }

  private ToolRun iptables(List<String> verb, List<String> rule) throws IOException {
    List<String> arguments = new ArrayList<>(verb);
    arguments.addAll(rule);
    return iptables(arguments);
  }

  private ToolRun iptables(List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>(NetworkNamespaces.enter(hostNetns));
    command.add(ToolRun.find("iptables"));
    command.add("-w");
    command.addAll(arguments);
    return ToolRun.run(command, "");
  }
}
