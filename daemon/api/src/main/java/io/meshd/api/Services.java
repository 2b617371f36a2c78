package io.meshd.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shapes of {@code /services} (Docker Engine API, "Service"); durations are nanoseconds. */
public final class Services {
  private Services() {}

  /** The spec as the user wrote it: {@code POST /services/create} and {@code /update}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record ServiceSpec(
      @JsonProperty("Name") String name,
      @JsonProperty("Labels") @Nullable Map<String, String> labels,
      @JsonProperty("TaskTemplate") TaskSpec taskTemplate,
      @JsonProperty("Mode") @Nullable ServiceMode mode,
      @JsonProperty("UpdateConfig") @Nullable UpdateConfig updateConfig,
      @JsonProperty("RollbackConfig") @Nullable UpdateConfig rollbackConfig,
      @JsonProperty("Networks") @Nullable List<NetworkAttachmentConfig> networks,
      @JsonProperty("EndpointSpec") @Nullable EndpointSpec endpointSpec) {
    public ServiceSpec withTaskTemplate(TaskSpec other) {
      return new ServiceSpec(
          name, labels, other, mode, updateConfig, rollbackConfig, networks, endpointSpec);
    }
  }

  /**
   * What a task of the service is.
   *
   * @param resources {@link Containers.Resources}
   * @param logDriver {@link Containers.LogDriver}
   * @param runtime {@code container} (Docker's default) or {@code process}: then
   *     ContainerSpec.Image is empty and Command plus Args are the command line. Docker's clients
   *     allow no other word than {@code container} here, so a process may also be asked for as the
   *     image {@link #PROCESS}, and is shown as such
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record TaskSpec(
      @JsonProperty("ContainerSpec") ContainerSpec containerSpec,
      @JsonProperty("Resources") @Nullable Map<String, Object> resources,
      @JsonProperty("RestartPolicy") @Nullable RestartPolicy restartPolicy,
      @JsonProperty("Placement") @Nullable Placement placement,
      @JsonProperty("Networks") @Nullable List<NetworkAttachmentConfig> networks,
      @JsonProperty("LogDriver") @Nullable Map<String, Object> logDriver,
      @JsonProperty("ForceUpdate") @Nullable Long forceUpdate,
      @JsonProperty("Runtime") @Nullable String runtime) {
    public static final String PROCESS = "process";

    public TaskSpec with(ContainerSpec container, @Nullable String otherRuntime) {
      return new TaskSpec(
          container,
          resources,
          restartPolicy,
          placement,
          networks,
          logDriver,
          forceUpdate,
          otherRuntime);
    }

    public TaskSpec withRestartPolicy(RestartPolicy policy) {
      return new TaskSpec(
          containerSpec, resources, policy, placement, networks, logDriver, forceUpdate, runtime);
    }
  }

  /**
   * What a task runs. Of {@link Containers} are the parts that only containers have.
   *
   * @param image what a container is made of; null for a process
   * @param command in a container it takes the place of the image's entrypoint
   * @param stopGracePeriod nanoseconds
   * @param init whether a small init is process 1 of a container
   * @param dnsConfig {@link Containers.DnsConfig}
   * @param hosts lines of a hosts file, address first
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record ContainerSpec(
      @JsonProperty("Image") @Nullable String image,
      @JsonProperty("Labels") @Nullable Map<String, String> labels,
      @JsonProperty("Command") @Nullable List<String> command,
      @JsonProperty("Args") @Nullable List<String> args,
      @JsonProperty("Hostname") @Nullable String hostname,
      @JsonProperty("Env") @Nullable List<String> env,
      @JsonProperty("Dir") @Nullable String dir,
      @JsonProperty("User") @Nullable String user,
      @JsonProperty("StopSignal") @Nullable String stopSignal,
      @JsonProperty("StopGracePeriod") @Nullable Long stopGracePeriod,
      @JsonProperty("Init") @Nullable Boolean init,
      @JsonProperty("Isolation") @Nullable String isolation,
      @JsonProperty("DNSConfig") @Nullable Map<String, Object> dnsConfig,
      @JsonProperty("Hosts") @Nullable List<String> hosts,
      @JsonProperty("Groups") @Nullable List<String> groups,
      @JsonProperty("Privileges") Containers.@Nullable Privileges privileges,
      @JsonProperty("TTY") @Nullable Boolean tty,
      @JsonProperty("OpenStdin") @Nullable Boolean openStdin,
      @JsonProperty("ReadOnly") @Nullable Boolean readOnly,
      @JsonProperty("Mounts") @Nullable List<Containers.Mount> mounts,
      @JsonProperty("Healthcheck") Containers.@Nullable HealthConfig healthcheck,
      @JsonProperty("OomScoreAdj") @Nullable Long oomScoreAdj,
      @JsonProperty("Sysctls") @Nullable Map<String, String> sysctls,
      @JsonProperty("CapabilityAdd") @Nullable List<String> capabilityAdd,
      @JsonProperty("CapabilityDrop") @Nullable List<String> capabilityDrop,
      @JsonProperty("Ulimits") @Nullable List<Containers.Ulimit> ulimits) {
    /** Without what only containers have. */
    public ContainerSpec(
        @Nullable String image,
        @Nullable Map<String, String> labels,
        @Nullable List<String> command,
        @Nullable List<String> args,
        @Nullable String hostname,
        @Nullable List<String> env,
        @Nullable String dir,
        @Nullable String user,
        @Nullable String stopSignal,
        @Nullable Long stopGracePeriod,
        @Nullable Boolean init,
        @Nullable String isolation,
        @Nullable Map<String, Object> dnsConfig) {
      this(
          image,
          labels,
          command,
          args,
          hostname,
          env,
          dir,
          user,
          stopSignal,
          stopGracePeriod,
          init,
          isolation,
          dnsConfig,
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          null);
    }

    public ContainerSpec withImage(@Nullable String other) {
      return with(other, stopGracePeriod);
    }

    public ContainerSpec withStopGracePeriod(long nanoseconds) {
      return with(image, nanoseconds);
    }

    /** With what a task fills in. */
    public ContainerSpec filled(
        @Nullable String host, List<String> environment, List<Containers.Mount> mounted) {
      return new ContainerSpec(
          image,
          labels,
          command,
          args,
          host,
          environment,
          dir,
          user,
          stopSignal,
          stopGracePeriod,
          init,
          isolation,
          dnsConfig,
          hosts,
          groups,
          privileges,
          tty,
          openStdin,
          readOnly,
          mounted,
          healthcheck,
          oomScoreAdj,
          sysctls,
          capabilityAdd,
          capabilityDrop,
          ulimits);
    }

    private ContainerSpec with(@Nullable String otherImage, @Nullable Long otherGrace) {
      return new ContainerSpec(
          otherImage,
          labels,
          command,
          args,
          hostname,
          env,
          dir,
          user,
          stopSignal,
          otherGrace,
          init,
          isolation,
          dnsConfig,
          hosts,
          groups,
          privileges,
          tty,
          openStdin,
          readOnly,
          mounts,
          healthcheck,
          oomScoreAdj,
          sysctls,
          capabilityAdd,
          capabilityDrop,
          ulimits);
    }
  }

  /** {@code condition}: none, on-failure, any (default). */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record RestartPolicy(
      @JsonProperty("Condition") @Nullable String condition,
      @JsonProperty("Delay") @Nullable Long delay,
      @JsonProperty("MaxAttempts") @Nullable Long maxAttempts,
      @JsonProperty("Window") @Nullable Long window) {}

  /** {@code constraints}: node.id, node.hostname, node.role, node.labels.K with == or !=. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Placement(
      @JsonProperty("Constraints") @Nullable List<String> constraints,
      @JsonProperty("Preferences") @Nullable List<Map<String, Object>> preferences,
      @JsonProperty("MaxReplicas") @Nullable Long maxReplicas,
      @JsonProperty("Platforms") @Nullable List<Map<String, Object>> platforms) {}

  /** Exactly one of the two is set. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record ServiceMode(
      @JsonProperty("Replicated") @Nullable Replicated replicated,
      @JsonProperty("Global") @Nullable Global global) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Replicated(@JsonProperty("Replicas") @Nullable Long replicas) {}

  public record Global() {}

  /** {@code order}: stop-first (default) or start-first. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record UpdateConfig(
      @JsonProperty("Parallelism") @Nullable Long parallelism,
      @JsonProperty("Delay") @Nullable Long delay,
      @JsonProperty("FailureAction") @Nullable String failureAction,
      @JsonProperty("Monitor") @Nullable Long monitor,
      @JsonProperty("MaxFailureRatio") @Nullable Double maxFailureRatio,
      @JsonProperty("Order") @Nullable String order) {}

  /** {@code target}: a network's ID or name when sent; the ID in every answer. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record NetworkAttachmentConfig(
      @JsonProperty("Target") String target,
      @JsonProperty("Aliases") @Nullable List<String> aliases,
      @JsonProperty("DriverOpts") @Nullable Map<String, String> driverOpts) {}

  /**
   * @param mode vip (default) or dnsrr
   * @param balancing meshd's own: how a virtual IP and published ports choose; null for defaults
   * @param ingressDnsrr meshd's own: the explicit consent to publish in ingress mode with dnsrr
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record EndpointSpec(
      @JsonProperty("Mode") @Nullable String mode,
      @JsonProperty("Ports") @Nullable List<PortConfig> ports,
      @Extension @JsonProperty("Balancing") @Nullable Balancing balancing,
      @Extension @JsonProperty("IngressDNSRR") @Nullable Boolean ingressDnsrr) {
    /** What Docker knows of. */
    public EndpointSpec(@Nullable String mode, @Nullable List<PortConfig> ports) {
      this(mode, ports, null, null);
    }
  }

  /**
   * How new flows are spread over a service's ready tasks.
   *
   * @param affinity none (default) or client-ip: one client's flows go to one task while it is
   *     ready
   * @param preferLocal tasks on the same node first, others only when there is none
   * @param weights by node ID or hostname, 0 to 1000, 100 for those not named; 0: no new flows
   * @param slowStart nanoseconds over which a task that became ready grows to its full share
   * @param ejectOutliers tasks that refuse connections are left out for a while; default true
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Balancing(
      @JsonProperty("Affinity") @Nullable String affinity,
      @JsonProperty("PreferLocal") @Nullable Boolean preferLocal,
      @JsonProperty("Weights") @Nullable Map<String, Integer> weights,
      @JsonProperty("SlowStart") @Nullable Long slowStart,
      @JsonProperty("EjectOutliers") @Nullable Boolean ejectOutliers) {}

  /**
   * @param protocol tcp, udp
   * @param publishMode ingress, host
   * @param publishedPort null or 0: allocate
   * @param hostIp meshd's own: the only address of each node to answer on; null for all
   * @param clientAddress meshd's own: what a task sees as its client, snat (default: the node),
   *     proxy-v2 (TCP: the node, and the client in a header before the first byte) or preserve (the
   *     client, where that can be; else the node, and the reason is counted)
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record PortConfig(
      @JsonProperty("Name") @Nullable String name,
      @JsonProperty("Protocol") @Nullable String protocol,
      @JsonProperty("TargetPort") int targetPort,
      @JsonProperty("PublishedPort") @Nullable Integer publishedPort,
      @JsonProperty("PublishMode") @Nullable String publishMode,
      @Extension @JsonProperty("HostIP") @Nullable String hostIp,
      @Extension @JsonProperty("ClientAddress") @Nullable String clientAddress) {
    /** What Docker knows of. */
    public PortConfig(
        @Nullable String name,
        @Nullable String protocol,
        int targetPort,
        @Nullable Integer publishedPort,
        @Nullable String publishMode) {
      this(name, protocol, targetPort, publishedPort, publishMode, null, null);
    }
  }

  /** {@code GET /services} and {@code GET /services/{id}}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Service(
      @JsonProperty("ID") String id,
      @JsonProperty("Version") Version version,
      @JsonProperty("CreatedAt") String createdAt,
      @JsonProperty("UpdatedAt") String updatedAt,
      @JsonProperty("Spec") ServiceSpec spec,
      @JsonProperty("PreviousSpec") @Nullable ServiceSpec previousSpec,
      @JsonProperty("Endpoint") ServiceEndpoint endpoint,
      @JsonProperty("UpdateStatus") @Nullable UpdateStatus updateStatus,
      @JsonProperty("ServiceStatus") @Nullable ServiceStatus serviceStatus) {}

  public record Version(@JsonProperty("Index") long index) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record ServiceEndpoint(
      @JsonProperty("Spec") @Nullable EndpointSpec spec,
      @JsonProperty("Ports") @Nullable List<PortConfig> ports,
      @JsonProperty("VirtualIPs") @Nullable List<VirtualIp> virtualIps) {}

  /** {@code addr}: the VIP with its prefix length, 10.0.1.2/24. */
  public record VirtualIp(
      @JsonProperty("NetworkID") String networkId, @JsonProperty("Addr") String addr) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record UpdateStatus(
      @JsonProperty("State") @Nullable String state,
      @JsonProperty("StartedAt") @Nullable String startedAt,
      @JsonProperty("CompletedAt") @Nullable String completedAt,
      @JsonProperty("Message") @Nullable String message) {}

  /** Only with {@code GET /services?status=true}. */
  public record ServiceStatus(
      @JsonProperty("RunningTasks") long runningTasks,
      @JsonProperty("DesiredTasks") long desiredTasks,
      @JsonProperty("CompletedTasks") long completedTasks) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record CreateResponse(
      @JsonProperty("ID") String id, @JsonProperty("Warnings") @Nullable List<String> warnings) {}

  public record UpdateResponse(@JsonProperty("Warnings") @Nullable List<String> warnings) {}
}
