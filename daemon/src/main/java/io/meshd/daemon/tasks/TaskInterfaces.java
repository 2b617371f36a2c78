package io.meshd.daemon.tasks;

import io.meshd.daemon.linux.BridgePort;
import io.meshd.daemon.linux.IpChanges;
import io.meshd.daemon.linux.Ipv6Interface;
import io.meshd.daemon.linux.NetworkNamespaces;
import io.meshd.daemon.linux.NodeBridges;
import io.meshd.daemon.linux.NodeNamespace;
import io.meshd.daemon.linux.Problems;
import io.meshd.daemon.linux.Sysctls;
import io.meshd.dataplane.vxlan.VxlanOverhead;
import io.meshd.ipam.Cidr;
import io.meshd.ipam.Ipv4;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A task's namespace and what is in it: a TAP per overlay, made by the data plane and given its
 * addresses here, then a veth to a bridge of the node. All of it can be repeated.
 */
final class TaskInterfaces {
  private final NetworkNamespaces namespaces;
  private final @Nullable Path hostNetns;
  private final NodeBridges.Subnets subnets;

  TaskInterfaces(
      NetworkNamespaces namespaces, @Nullable Path hostNetns, NodeBridges.Subnets subnets) {
    this.namespaces = namespaces;
    this.hostNetns = hostNetns;
    this.subnets = subnets;
  }

  Path netns(String taskId) {
    return namespaces.path(taskId);
  }

  /** The namespace, with what must be set before the first device is in it. */
  void prepare(String taskId) throws IOException {
    namespaces.ensure(taskId);
    Map<String, String> settings = new LinkedHashMap<>(NodeNamespace.withoutIpv6());
    // As in Docker's containers: nobody needs root there to ping or to listen on 80.
    settings.put("ipv4/ip_unprivileged_port_start", "0");
    settings.put("ipv4/ping_group_range", "0 2147483647");
    Sysctls.apply(netns(taskId), settings);
  }

  /** Addresses for the TAPs, and the veth. The TAPs must be there. */
  void connect(StoredTask stored) throws IOException {
    DesiredTask task = stored.task();
    IpChanges inside = new IpChanges().line("link set dev lo up");
    int index = 0;
    for (DesiredTask.TaskNetwork network : task.networks()) {
      overlay(inside, "eth" + index++, network);
    }
    BridgePort port = bridgePort(stored, "eth" + index);
    if (port != null) {
      IpChanges outside = new IpChanges();
      port.hostChanges(outside);
      outside.apply(hostNetns);
      port.insideChanges(inside);
    }
    inside.apply(netns(task.id()));
    index = 0;
    for (DesiredTask.TaskNetwork network : task.networks()) {
      String device = "eth" + index++;
      if (network.ipv6() != null) {
        Ipv6Interface.bring(netns(task.id()), device, network.ipv6());
      }
    }
  }

  /** Everything of the task that is not a process; the TAPs must be detached. */
  void remove(String taskId) throws IOException {
    Problems problems = new Problems();
    problems.attempt(() -> namespaces.remove(taskId));
    problems.attempt(() -> BridgePort.remove(hostDevice(taskId), hostNetns));
    problems.throwIfAny();
  }

  /** With prefix length, in the order of the interfaces. */
  List<String> addresses(StoredTask stored) {
    List<String> all = new ArrayList<>();
    for (DesiredTask.TaskNetwork network : stored.task().networks()) {
      all.add(network.address() + "/" + network.prefixLength());
    }
    if (stored.bridgeAddress() != null) {
      all.add(stored.bridgeAddress() + "/16");
    }
    return all;
  }

  private static void overlay(IpChanges changes, String device, DesiredTask.TaskNetwork network) {
    Cidr subnet = new Cidr(Ipv4.parse(network.address()), network.prefixLength());
    changes
        .line(
            "link set dev "
                + device
                + " address "
                + network.mac()
                + " mtu "
                + network.mtu()
                + " gso_max_segs "
                + VxlanOverhead.segmentsPerBatch(network.mtu()))
        .line("link set dev " + device + " up")
        .line(
            "address replace "
                + network.address()
                + "/"
                + network.prefixLength()
                + " broadcast "
                + Ipv4.format((int) subnet.last())
                + " dev "
                + device);
  }

  private @Nullable BridgePort bridgePort(StoredTask stored, String device) {
    String address = stored.bridgeAddress();
    if (address == null) {
      return null;
    }
    DesiredTask task = stored.task();
    boolean gateway = !task.networks().isEmpty();
    return new BridgePort(
        hostDevice(task.id()),
        netns(task.id()),
        device,
        gateway ? NodeBridges.GATEWAY : NodeBridges.LOCAL,
        gateway ? subnets.gateway() : subnets.local(),
        address,
        gateway);
  }

  /** At most 15 bytes; 12 characters of an ID are enough to be alone on a node. */
  static String hostDevice(String taskId) {
    return "mv" + taskId.substring(0, Math.min(12, taskId.length()));
  }
}
