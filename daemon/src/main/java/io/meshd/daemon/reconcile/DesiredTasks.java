package io.meshd.daemon.reconcile;

import io.meshd.api.Services;
import io.meshd.api.Services.ContainerSpec;
import io.meshd.api.Services.PortConfig;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.ServiceSpecs;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.tasks.DesiredTask;
import io.meshd.daemon.tasks.DesiredTask.TaskNetwork;
import io.meshd.daemon.tasks.HostPort;
import io.meshd.daemon.tasks.TaskNames;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** From a task's record to what the supervisor is to run. Pure. */
final class DesiredTasks {
  private DesiredTasks() {}

  /**
   * @param underlayMtu of this node
   * @throws IOException in words when this node cannot run such a task
   */
  static DesiredTask of(TaskRecord task, ClusterState state, int underlayMtu) throws IOException {
    Services.TaskSpec filled = new TaskTemplates(task, state).fill(task.spec());
    ContainerSpec spec = filled.containerSpec();
    List<TaskNetwork> networks = new ArrayList<>();
    for (Attachment attachment : task.attachments()) {
      NetworkRecord network = state.networks().get(attachment.networkId());
      if (network == null) {
        throw new IOException("network " + attachment.networkId() + " not found");
      }
      OverlayNetwork.check(network);
      networks.add(
          new TaskNetwork(
              network.id(),
              attachment.address(),
              OverlayNetwork.prefixLength(network),
              attachment.mac(),
              OverlayNetwork.mtu(network, underlayMtu),
              network.internal(),
              network.ipv6WithPrefix(attachment.address())));
    }
    List<String> command = new ArrayList<>();
    if (spec.command() != null) {
      command.addAll(spec.command());
    }
    if (spec.args() != null) {
      command.addAll(spec.args());
    }
    Long grace = spec.stopGracePeriod();
    return new DesiredTask(
        task.id(),
        task.name(),
        task.serviceId(),
        task.serviceName(),
        command,
        spec.env() == null ? List.of() : spec.env(),
        spec.dir(),
        spec.user(),
        spec.hostname(),
        spec.stopSignal(),
        grace == null ? DesiredTask.DEFAULT_GRACE_NANOS : grace,
        state.version(),
        networks,
        hostPorts(state.services().get(task.serviceId())),
        awaitedPorts(state.services().get(task.serviceId())),
        names(spec, task, state),
        DesiredContainers.of(task, filled, state));
  }

  private static List<HostPort> hostPorts(@Nullable ServiceRecord service) {
    return service == null
        ? List.of()
        : service.ports().stream()
            .filter(ServiceSpecs::host)
            .map(
                port ->
                    new HostPort(
                        ServiceSpecs.protocol(port),
                        port.hostIp(),
                        ServiceSpecs.publishedPort(port),
                        port.targetPort()))
            .toList();
  }

  /** So that who is sent to a new task by a published port finds its server there. */
  private static List<Integer> awaitedPorts(@Nullable ServiceRecord service) {
    return service == null
        ? List.of()
        : service.ports().stream()
            .filter(port -> ServiceSpecs.protocol(port).equals("tcp"))
            .map(PortConfig::targetPort)
            .distinct()
            .toList();
  }

  /**
   * On overlays the gateway of the first is asked, which asks those of {@code --dns}. On {@code
   * ingress} nobody answers: no names are there.
   */
  private static TaskNames names(ContainerSpec spec, TaskRecord task, ClusterState state) {
    NetworkRecord first =
        task.attachments().isEmpty()
            ? null
            : state.networks().get(task.attachments().getFirst().networkId());
    List<String> nameservers =
        first == null || first.ingress() ? dns(spec, "Nameservers") : List.of(first.gateway());
    return new TaskNames(
        nameservers,
        dns(spec, "Search"),
        dns(spec, "Options"),
        spec.hosts() == null ? List.of() : spec.hosts());
  }

  private static List<String> dns(ContainerSpec spec, String key) {
    Object values = spec.dnsConfig() == null ? null : spec.dnsConfig().get(key);
    return values instanceof List<?> list ? list.stream().map(String::valueOf).toList() : List.of();
  }

  /** Why this node has no way to run it, or null. */
  static @Nullable String refusal(TaskRecord task) {
    String runtime = task.spec().runtime();
    return DesiredContainers.wanted(task) || Services.TaskSpec.PROCESS.equals(runtime)
        ? null
        : "this node has no runtime for tasks of kind \"" + runtime + "\"";
  }
}
