package io.meshd.daemon.tasks;

import java.util.List;

/**
 * What a task's {@code /etc/resolv.conf} and {@code /etc/hosts} are made of.
 *
 * @param nameservers addresses; none: the gateway of its bridge
 * @param search domains; none: the node's
 * @param options beside the node's and {@code ndots:0}
 * @param hosts further lines for the hosts file, address first
 */
public record TaskNames(
    List<String> nameservers, List<String> search, List<String> options, List<String> hosts) {
  public static final TaskNames NONE = new TaskNames(List.of(), List.of(), List.of(), List.of());
}
