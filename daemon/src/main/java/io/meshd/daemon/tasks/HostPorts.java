package io.meshd.daemon.tasks;

import io.meshd.daemon.linux.HostPortRules;
import io.meshd.daemon.linux.NodeBridges;
import io.meshd.daemon.linux.PortReservation;
import io.meshd.daemon.linux.Problems;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ports that tasks have on this node in host mode, each from before its task starts until it
 * has ended: rules that lead to the task, and a socket that keeps others from the port. Without the
 * daemon the rules stay and the sockets do not; its next run takes both up again.
 */
final class HostPorts implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HostPorts.class);

  /** Ports that are chosen here: Linux's default of net.ipv4.ip_local_port_range, as in Docker. */
  private static final int FIRST = 32_768;

  private static final int LAST = 60_999;

  private final @Nullable Path hostNetns;
  private final String nodeName;
  private final HostPortRules rules;
  private final Map<String, Held> byTask = new TreeMap<>();
  private int next = FIRST;

  private record Held(List<HostPort> ports, String address, List<PortReservation> reservations) {}

  /**
   * @param nodeName for words to users
   */
  HostPorts(@Nullable Path hostNetns, NodeBridges.Subnets subnets, String nodeName) {
    this.hostNetns = hostNetns;
    this.nodeName = nodeName;
    this.rules = new HostPortRules(hostNetns, subnets);
  }

  /**
   * Gives a task its ports.
   *
   * @param address of the task on a bridge of this node, or null when it is on none
   * @return the same, all with a number
   * @throws IOException in words when one cannot be had; then it has none
   */
  synchronized List<HostPort> hold(String taskId, List<HostPort> wanted, @Nullable String address)
      throws IOException {
    if (address == null) {
      throw new IOException(
          "ports cannot be published in host mode: all networks of the task are internal");
    }
    Held held = new Held(new ArrayList<>(), address, new ArrayList<>());
    try {
      for (HostPort port : wanted) {
        if (port.published() != 0) {
          held.reservations.add(
              PortReservation.hold(hostNetns, port.protocol(), port.hostIp(), port.published()));
          held.ports.add(port);
        }
      }
      for (HostPort port : wanted) {
        if (port.published() == 0) {
          held.ports.add(choose(port, held.reservations));
        }
      }
      byTask.put(taskId, held);
      apply();
      return List.copyOf(held.ports);
    } catch (IOException e) {
      byTask.remove(taskId);
      close(held);
      throw new IOException(
          String.valueOf(e.getMessage()).replace(" is already in use", onNode()), e);
    }
  }

  private String onNode() {
    return " on node " + nodeName + " is already in use";
  }

  private HostPort choose(HostPort port, List<PortReservation> reservations) throws IOException {
    for (int tries = FIRST; tries <= LAST; tries++) {
      int candidate = next;
      next = candidate == LAST ? FIRST : candidate + 1;
      try {
        reservations.add(
            PortReservation.hold(hostNetns, port.protocol(), port.hostIp(), candidate));
        return port.at(candidate);
      } catch (IOException e) {
        LOG.debug("port {} cannot be chosen: {}", candidate, e.getMessage());
      }
    }
    throw new IOException(
        "no free port is left on node " + nodeName + " between " + FIRST + " and " + LAST);
  }

  /** Takes up what a task of an earlier run has; {@link #apply} follows. */
  synchronized void adopt(String taskId, List<HostPort> ports, String address) {
    List<PortReservation> reservations = new ArrayList<>();
    for (HostPort port : ports) {
      try {
        reservations.add(
            PortReservation.hold(hostNetns, port.protocol(), port.hostIp(), port.published()));
      } catch (IOException e) {
        LOG.warn("task {} keeps its port: {}", taskId, e.getMessage());
      }
    }
    byTask.put(taskId, new Held(ports, address, reservations));
  }

  /** Brings the rules to what the tasks have. */
  synchronized void apply() throws IOException {
    List<HostPortRules.Rule> wanted = new ArrayList<>();
    for (Held held : byTask.values()) {
      for (HostPort port : held.ports) {
        wanted.add(
            new HostPortRules.Rule(
                port.protocol(), port.hostIp(), port.published(), held.address, port.target()));
      }
    }
    rules.apply(wanted);
  }

  /** Gives up what a task had, if it had any. */
  synchronized void release(String taskId) throws IOException {
    Held held = byTask.remove(taskId);
    if (held == null) {
      return;
    }
    try {
      apply();
    } finally {
      close(held);
    }
  }

  private static void close(Held held) throws IOException {
    Problems problems = new Problems();
    held.reservations.forEach(reservation -> problems.attempt(reservation::close));
    problems.throwIfAny();
  }

  /** Lets go of the sockets; the rules stay. */
  @Override
  public synchronized void close() throws IOException {
    Problems problems = new Problems();
    byTask.values().forEach(held -> problems.attempt(() -> close(held)));
    byTask.clear();
    problems.throwIfAny();
  }
}
