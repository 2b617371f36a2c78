package io.meshd.daemon.state;

import io.meshd.api.Services;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Services: their specs, virtual IPs and published ports. */
final class ServiceTransitions {
  private ServiceTransitions() {}

  static String create(Draft draft, Command.CreateService command) {
    Services.ServiceSpec spec = resolved(draft, ServiceSpecCheck.checked(command.spec()));
    EndpointSpecCheck.checkNodes(draft, spec, null);
    for (ServiceRecord other : draft.services.values()) {
      if (other.name().equals(spec.name())) {
        throw new Refusal(
            Outcome.Reason.ALREADY_EXISTS,
            "name conflicts with an existing object: service " + spec.name() + " already exists");
      }
    }
    if (draft.services.containsKey(command.id())) {
      throw new Refusal(
          Outcome.Reason.ALREADY_EXISTS, "service with ID " + command.id() + " already exists");
    }
    put(
        draft,
        new ServiceRecord(
            command.id(),
            draft.version(),
            draft.at(),
            draft.at(),
            spec,
            null,
            0,
            draft.version(),
            PublishedPorts.allocate(draft, command.id(), spec, List.of()),
            ServiceAddresses.virtualIps(draft, spec, List.of()),
            null,
            kept(spec, command.registryAuth()),
            null));
    giveNodesAddresses(draft, spec);
    return command.id();
  }

  static String update(Draft draft, Command.UpdateService command) {
    Services.ServiceSpec spec = resolved(draft, ServiceSpecCheck.checked(command.spec()));
    ServiceRecord old = draft.service(command.service());
    if (ServiceSpecs.global(spec) != ServiceSpecs.global(old.spec())) {
      throw new Refusal(Outcome.Reason.UNIMPLEMENTED, "service mode change is not allowed");
    }
    if (!spec.name().equals(old.name())) {
      throw new Refusal(Outcome.Reason.UNIMPLEMENTED, "renaming services is not supported");
    }
    if (command.version() != old.version()) {
      throw Refusal.outOfSequence();
    }
    if (command.rollback() == null) {
      EndpointSpecCheck.checkNodes(draft, spec, old.spec());
    }
    List<Services.PortConfig> ports = PublishedPorts.allocate(draft, old.id(), spec, old.ports());
    RegistryAuth registryAuth = kept(spec, registryAuth(command, old));
    put(
        draft,
        new ServiceRecord(
            old.id(),
            draft.version(),
            old.createdAt(),
            draft.at(),
            spec,
            old.spec(),
            old.specVersion(),
            specVersion(draft, old, spec, ports, command.rollback() != null),
            ports,
            ServiceAddresses.virtualIps(draft, spec, old.virtualIps()),
            command.rollback() == null ? null : rollback(draft, command.rollback()),
            registryAuth,
            old.registryAuth()));
    tellTasks(draft, old.id(), registryAuth);
    giveNodesAddresses(draft, spec);
    return old.id();
  }

  private static @Nullable RegistryAuth registryAuth(
      Command.UpdateService command, ServiceRecord old) {
    if (command.registryAuth() != null) {
      return command.registryAuth();
    }
    return command.rollback() == null ? old.registryAuth() : old.previousRegistryAuth();
  }

  /** A process has no image. */
  private static @Nullable RegistryAuth kept(
      Services.ServiceSpec spec, @Nullable RegistryAuth asked) {
    return asked != null && ServiceSpecs.container(spec) ? asked.orNull() : null;
  }

  /** Credentials alone replace no task; one that has yet to pull does it with the newest. */
  private static void tellTasks(
      Draft draft, String serviceId, @Nullable RegistryAuth registryAuth) {
    for (TaskRecord task : Draft.sorted(draft.tasks)) {
      if (task.serviceId().equals(serviceId)
          && !task.status().state().terminal()
          && !Objects.equals(task.registryAuth(), registryAuth)) {
        TaskTransitions.authorize(draft, task, registryAuth);
      }
    }
  }

  private static Services.UpdateStatus rollback(Draft draft, String why) {
    return new Services.UpdateStatus("rollback_started", draft.at(), null, why);
  }

  /** The one that its tasks have, unless they have to be replaced. */
  private static long specVersion(
      Draft draft,
      ServiceRecord old,
      Services.ServiceSpec spec,
      List<Services.PortConfig> ports,
      boolean rollback) {
    if (lacksAttachments(draft, old.id(), spec)) {
      return draft.version();
    }
    if (sameTasks(spec, ports, old.spec(), old.ports())) {
      return old.specVersion();
    }
    Services.ServiceSpec previous = old.previousSpec();
    boolean asBefore =
        rollback
            && previous != null
            && old.previousSpecVersion() != 0
            && sameTasks(spec, ports, previous, ServiceSpecs.ports(previous));
    return asBefore ? old.previousSpecVersion() : draft.version();
  }

  private static boolean sameTasks(
      Services.ServiceSpec spec,
      List<Services.PortConfig> ports,
      Services.ServiceSpec other,
      List<Services.PortConfig> otherPorts) {
    return withoutPlacement(spec.taskTemplate()).equals(withoutPlacement(other.taskTemplate()))
        && hostPorts(ports).equals(hostPorts(otherPorts));
  }

  /** The spec as it is kept: networks by ID, all in the task template. */
  private static Services.ServiceSpec resolved(Draft draft, Services.ServiceSpec spec) {
    List<Services.NetworkAttachmentConfig> networks = ServiceAddresses.resolve(draft, spec);
    Services.TaskSpec task = spec.taskTemplate();
    return new Services.ServiceSpec(
        spec.name(),
        spec.labels(),
        with(task, task.placement(), networks.isEmpty() ? null : networks),
        spec.mode(),
        spec.updateConfig(),
        spec.rollbackConfig(),
        null,
        spec.endpointSpec());
  }

  private static Services.TaskSpec with(
      Services.TaskSpec task,
      Services.@Nullable Placement placement,
      @Nullable List<Services.NetworkAttachmentConfig> networks) {
    return new Services.TaskSpec(
        task.containerSpec(),
        task.resources(),
        task.restartPolicy(),
        placement,
        networks,
        task.logDriver(),
        task.forceUpdate(),
        task.runtime());
  }

  /** Another placement alone replaces only tasks on nodes that no longer match. */
  private static Services.TaskSpec withoutPlacement(Services.TaskSpec task) {
    return with(task, null, task.networks());
  }

  /** A task holds its host-mode ports from start to end, so they change only with the task. */
  private static List<Services.PortConfig> hostPorts(List<Services.PortConfig> ports) {
    return ports.stream().filter(ServiceSpecs::host).toList();
  }

  /** Tasks on the local bridge only, and now a port is published: they need {@code ingress}. */
  private static boolean lacksAttachments(
      Draft draft, String serviceId, Services.ServiceSpec spec) {
    return !ServiceAddresses.taskNetworks(draft, spec).isEmpty()
        && draft.tasks.values().stream()
            .filter(task -> task.serviceId().equals(serviceId))
            .filter(task -> !task.nodeId().isEmpty() && !task.status().state().terminal())
            .filter(task -> task.desiredState().compareTo(TaskState.RUNNING) <= 0)
            .anyMatch(task -> task.attachments().isEmpty());
  }

  private static void giveNodesAddresses(Draft draft, Services.ServiceSpec spec) {
    Set<String> full = NodeAddresses.complete(draft);
    if (ServiceSpecs.publishesIngress(ServiceSpecs.ports(spec))) {
      NetworkRecord network = ServiceAddresses.taskNetworks(draft, spec).getFirst();
      if (full.contains(network.id())) {
        throw ServiceAddresses.full(network);
      }
    }
  }

  static String setUpdateStatus(Draft draft, Command.SetUpdateStatus command) {
    ServiceRecord old = draft.service(command.serviceId());
    if (command.status().equals(old.updateStatus())) {
      return old.id();
    }
    put(draft, old.with(command.status(), draft.version(), draft.at()));
    return old.id();
  }

  /** Its addresses and ports are free at once; its tasks are to end and go. */
  static String remove(Draft draft, Command.RemoveService command) {
    ServiceRecord service = draft.service(command.service());
    draft.services = draft.services.minus(service.id());
    for (TaskRecord task : Draft.sorted(draft.tasks)) {
      if (task.serviceId().equals(service.id())) {
        TaskTransitions.end(draft, task, TaskState.REMOVE);
      }
    }
    for (EndpointRecord endpoint : Draft.sorted(draft.endpoints)) {
      if (service.id().equals(endpoint.serviceId())) {
        EndpointTransitions.leaveService(draft, endpoint);
      }
    }
    return service.id();
  }

  private static void put(Draft draft, ServiceRecord service) {
    draft.services = draft.services.plus(service.id(), service);
  }
}
