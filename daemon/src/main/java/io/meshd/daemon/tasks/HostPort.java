package io.meshd.daemon.tasks;

import org.jspecify.annotations.Nullable;

/**
 * A port of the node that leads to a task.
 *
 * @param protocol tcp or udp
 * @param hostIp the only address of the node, dotted IPv4; null for all
 * @param published 1-65535; 0 while the node has yet to choose
 * @param target the task's own port
 */
public record HostPort(String protocol, @Nullable String hostIp, int published, int target) {
  HostPort at(int number) {
    return new HostPort(protocol, hostIp, number, target);
  }
}
