package io.meshd.daemon.reconcile;

import io.meshd.api.Nodes;
import io.meshd.api.Services;
import io.meshd.daemon.state.Allocation;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.EndpointRecord;
import io.meshd.daemon.state.Ipv6Subnet;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NodeAddress;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.StateListener;
import io.meshd.daemon.state.SwarmNetwork;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashTreePMap;

/** The state of a cluster as a leader would keep it, changed by hand, and by nodes' reports. */
final class TestCluster {
  static final String TIME = "2025-01-01T00:00:00Z";
  private final String idPrefix = String.format("mt%x", ProcessHandle.current().pid());
  private final List<StateListener> listeners = new ArrayList<>();
  private int count;
  private volatile boolean leader = true;
  private ClusterState state =
      new ClusterState(
          1,
          new ClusterRecord(
              "cluster",
              1,
              TIME,
              TIME,
              List.of("10.0.0.0/8"),
              24,
              4789,
              "",
              "",
              5,
              List.of(),
              0,
              List.of(),
              null,
              null,
              null,
              null,
              0),
          HashTreePMap.empty(),
          HashTreePMap.empty(),
          HashTreePMap.empty(),
          HashTreePMap.empty(),
          HashTreePMap.empty(),
          HashTreePMap.empty(),
          new Allocation(Map.of(), 4096, Map.of()));

  synchronized ClusterState state() {
    return state;
  }

  synchronized void watch(StateListener listener) {
    listeners.add(listener);
    listener.onState(state);
  }

  synchronized void unwatch(StateListener listener) {
    listeners.remove(listener);
  }

  synchronized void change(UnaryOperator<ClusterState> change) {
    ClusterState next = change.apply(state);
    state =
        new ClusterState(
            state.version() + 1,
            next.cluster(),
            next.nodes(),
            next.networks(),
            next.services(),
            next.tasks(),
            next.endpoints(),
            next.nodeAddresses(),
            next.allocation());
    List.copyOf(listeners).forEach(l -> l.onState(state));
  }

  /** Whether reports find somebody. */
  void leader(boolean there) {
    leader = there;
  }

  void report(List<Command.Report> reports) throws IOException {
    if (!leader) {
      throw new IOException("nobody leads");
    }
    for (Command.Report report : reports) {
      changeTask(report.taskId(), t -> t.with(t.desiredState(), report.status()));
    }
  }

  void node(String id, String vtep) {
    Nodes.NodeSpec spec = new Nodes.NodeSpec(null, Map.of(), "worker", "active");
    NodeRecord node =
        new NodeRecord(
            id,
            1,
            TIME,
            TIME,
            spec,
            description(id),
            vtep,
            vtep + ":2377",
            NodeRecord.NodeState.READY,
            null,
            state.nodes().size());
    change(s -> s.with(s.nodes().plus(id, node), s.tasks(), s.endpoints()));
  }

  void nodeStatus(String id, NodeRecord.NodeState status) {
    change(
        s -> {
          NodeRecord node = java.util.Objects.requireNonNull(s.nodes().get(id)).withStatus(status);
          return s.with(s.nodes().plus(id, node), s.tasks(), s.endpoints());
        });
  }

  private static Nodes.NodeDescription description(String hostname) {
    return new Nodes.NodeDescription(
        hostname,
        new Nodes.Platform("x86_64", "linux"),
        new Nodes.Resources(0, 0),
        new Nodes.Engine("test"));
  }

  /** The third byte names it: network(1) is 10.0.1.0/24 with VNI 4097. */
  String network(int number, Map<String, String> options) {
    String id = idPrefix + "net" + number + "xxxxxxxxxxxxxxxx";
    NetworkRecord network =
        new NetworkRecord(
            id,
            1,
            TIME,
            "net" + number,
            4096 + number,
            "10.0." + number + ".0/24",
            null,
            "10.0." + number + ".1",
            true,
            false,
            number == 0,
            options,
            Map.of());
    change(
        s ->
            new ClusterState(
                s.version(),
                s.cluster(),
                s.nodes(),
                s.networks().plus(id, network),
                s.services(),
                s.tasks(),
                s.endpoints(),
                s.nodeAddresses(),
                s.allocation()));
    return id;
  }

  /** Network 1 has IPv6 too: fd00:1::/64. */
  void ipv6(String network) {
    change(
        s -> {
          NetworkRecord old = java.util.Objects.requireNonNull(s.networks().get(network));
          NetworkRecord both =
              new NetworkRecord(
                  old.id(),
                  old.version(),
                  old.createdAt(),
                  old.name(),
                  old.vni(),
                  old.subnet(),
                  old.ipRange(),
                  old.gateway(),
                  old.attachable(),
                  old.internal(),
                  old.ingress(),
                  old.options(),
                  old.labels(),
                  null,
                  new Ipv6Subnet("fd00:1::/64", null, "fd00:1::1"));
          return new ClusterState(
              s.version(),
              s.cluster(),
              s.nodes(),
              s.networks().plus(network, both),
              s.services(),
              s.tasks(),
              s.endpoints(),
              s.nodeAddresses(),
              s.allocation());
        });
  }

  /** The network is a Docker Swarm's, with these services. */
  void swarm(String network, SwarmNetwork.Service... services) {
    change(
        s ->
            new ClusterState(
                s.version(),
                s.cluster(),
                s.nodes(),
                s.networks()
                    .plus(
                        network,
                        java.util.Objects.requireNonNull(s.networks().get(network))
                            .withSwarm(1, new SwarmNetwork("swarm", List.of(services)))),
                s.services(),
                s.tasks(),
                s.endpoints(),
                s.nodeAddresses(),
                s.allocation()));
  }

  void nodeAddress(String node, String network, String address) {
    change(
        s ->
            new ClusterState(
                s.version(),
                s.cluster(),
                s.nodes(),
                s.networks(),
                s.services(),
                s.tasks(),
                s.endpoints(),
                s.nodeAddresses()
                    .plus(
                        NodeAddress.key(network, node),
                        new NodeAddress(node, attachment(network, address))),
                s.allocation()));
  }

  void service(String id, Services.PortConfig... ports) {
    service(id, null, ports);
  }

  void service(String id, Services.@Nullable EndpointSpec endpoint, Services.PortConfig... ports) {
    service(id, endpoint, List.of(), ports);
  }

  void service(
      String id,
      Services.@Nullable EndpointSpec endpoint,
      List<Services.VirtualIp> virtualIps,
      Services.PortConfig... ports) {
    ServiceRecord service =
        new ServiceRecord(
            id,
            1,
            TIME,
            TIME,
            new Services.ServiceSpec(id, null, spec("process"), null, null, null, null, endpoint),
            null,
            0,
            1,
            List.of(ports),
            virtualIps,
            null,
            null,
            null);
    change(
        s ->
            new ClusterState(
                s.version(),
                s.cluster(),
                s.nodes(),
                s.networks(),
                s.services().plus(id, service),
                s.tasks(),
                s.endpoints(),
                s.nodeAddresses(),
                s.allocation()));
  }

  static Services.PortConfig port(String protocol, int target, int published, String mode) {
    return new Services.PortConfig(null, protocol, target, published, mode);
  }

  String task(String node, String service, List<Attachment> attachments, String... command) {
    return task(node, service, TaskState.RUNNING, spec("process", command), attachments);
  }

  String task(
      String node,
      String service,
      TaskState desired,
      Services.TaskSpec spec,
      List<Attachment> attachments) {
    String id = String.format("%s%04dtaskxxxxxxxxxxxxxxxxx", idPrefix, count++).substring(0, 25);
    TaskRecord task =
        new TaskRecord(
            id,
            1,
            TIME,
            TIME,
            service,
            service,
            1,
            node,
            spec,
            1,
            desired,
            new TaskRecord.Status(TaskState.ASSIGNED, TIME, null, null, null, null),
            attachments,
            null);
    change(s -> withTask(s, task));
    return id;
  }

  static Services.TaskSpec spec(String runtime, String... command) {
    return new Services.TaskSpec(
        new Services.ContainerSpec(
            null,
            null,
            List.of(command),
            null,
            null,
            null,
            null,
            null,
            null,
            1_000_000_000L,
            null,
            null,
            null),
        null,
        null,
        null,
        null,
        null,
        null,
        runtime);
  }

  void desire(String taskId, TaskState desired) {
    changeTask(taskId, t -> t.with(desired, t.status()));
  }

  void status(String taskId, TaskState status) {
    changeTask(
        taskId,
        t -> t.with(t.desiredState(), new TaskRecord.Status(status, TIME, null, null, null, null)));
  }

  void removeTask(String taskId) {
    change(s -> s.with(s.nodes(), s.tasks().minus(taskId), s.endpoints()));
  }

  @Nullable TaskRecord taskRecord(String taskId) {
    return state().tasks().get(taskId);
  }

  void endpoint(String id, String node, Path netns, String device, Attachment attachment) {
    endpoint(id, null, node, netns, device, attachment);
  }

  void endpoint(
      String id,
      @Nullable String service,
      String node,
      Path netns,
      String device,
      Attachment attachment) {
    EndpointRecord endpoint =
        new EndpointRecord(id, 1, TIME, id, service, node, netns.toString(), device, attachment);
    change(s -> s.with(s.nodes(), s.tasks(), s.endpoints().plus(id, endpoint)));
  }

  void removeEndpoint(String id) {
    change(s -> s.with(s.nodes(), s.tasks(), s.endpoints().minus(id)));
  }

  static Attachment attachment(String network, String address) {
    return new Attachment(
        network,
        address,
        ForwardingCompiler.macOf(io.meshd.dataplane.Ipv4Address.parse(address)).toString());
  }

  private void changeTask(String taskId, UnaryOperator<TaskRecord> change) {
    change(
        s -> {
          TaskRecord task = s.tasks().get(taskId);
          return task == null ? s : withTask(s, change.apply(task));
        });
  }

  private static ClusterState withTask(ClusterState s, TaskRecord task) {
    return s.with(s.nodes(), s.tasks().plus(task.id(), task), s.endpoints());
  }
}
