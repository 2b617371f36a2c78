package io.meshd.daemon.tasks;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A task as it is to be on this node.
 *
 * @param id 25 characters; a task is started at most once
 * @param name as {@code ps} shows it, web.1.id
 * @param command the command line; the first word is looked up in the task's PATH
 * @param env NAME=VALUE; PATH, HOME and HOSTNAME have defaults, nothing comes from the daemon's own
 * @param user name, uid, or either with :group; null for the daemon's
 * @param stopSignal TERM by default
 * @param stopGraceNanos from the stop signal to SIGKILL
 * @param generation of what asked for it; only ever compared
 * @param networks overlays in order: eth0, eth1, ...; without any, eth0 is on the local bridge
 * @param hostPorts in host mode
 * @param awaitedPorts TCP ports that it is to listen on before it counts as running
 * @param names how it finds others
 * @param container null for a process
 */
public record DesiredTask(
    String id,
    String name,
    String serviceId,
    String serviceName,
    List<String> command,
    List<String> env,
    @Nullable String directory,
    @Nullable String user,
    @Nullable String hostname,
    @Nullable String stopSignal,
    long stopGraceNanos,
    long generation,
    List<TaskNetwork> networks,
    List<HostPort> hostPorts,
    List<Integer> awaitedPorts,
    TaskNames names,
    @Nullable DesiredContainer container) {

  /** Of an older daemon's files: no ports, no names. */
  public DesiredTask {
    hostPorts = hostPorts == null ? List.of() : hostPorts;
    awaitedPorts = awaitedPorts == null ? List.of() : awaitedPorts;
    names = names == null ? TaskNames.NONE : names;
  }

  /** Docker's grace: 10 s. */
  public static final long DEFAULT_GRACE_NANOS = 10_000_000_000L;

  /**
   * An overlay that the task is on.
   *
   * @param address dotted IPv4, with {@code prefixLength} of the network's subnet
   * @param mtu of the interface, 1450 on an ordinary underlay
   * @param internal true where the network gives no way out
   * @param ipv6 with prefix length, fd00:9::3/64; null on a network without IPv6
   */
  public record TaskNetwork(
      String networkId,
      String address,
      int prefixLength,
      String mac,
      int mtu,
      boolean internal,
      @Nullable String ipv6) {}

  /** The way out is over the gateway bridge, unless every network is internal. */
  boolean hasWayOut() {
    return networks.isEmpty() || networks.stream().anyMatch(n -> !n.internal());
  }
}
