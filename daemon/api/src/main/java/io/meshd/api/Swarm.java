package io.meshd.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shapes of {@code /swarm}, {@code /info}, {@code /version} (Docker Engine API). */
public final class Swarm {
  private Swarm() {}

  /** {@code POST /swarm/init}; the answer is the node's ID as a JSON string. */
  public record InitRequest(
      @JsonProperty("ListenAddr") @Nullable String listenAddr,
      @JsonProperty("AdvertiseAddr") @Nullable String advertiseAddr,
      @JsonProperty("DataPathAddr") @Nullable String dataPathAddr,
      @JsonProperty("DataPathPort") @Nullable Integer dataPathPort,
      @JsonProperty("DefaultAddrPool") @Nullable List<String> defaultAddrPool,
      @JsonProperty("SubnetSize") @Nullable Integer subnetSize,
      @JsonProperty("ForceNewCluster") @Nullable Boolean forceNewCluster,
      @JsonProperty("Spec") @Nullable Map<String, Object> spec,
      @JsonProperty("AutoLockManagers") @Nullable Boolean autoLockManagers,
      @JsonProperty("Availability") @Nullable String availability) {}

  /** {@code POST /swarm/join}. */
  public record JoinRequest(
      @JsonProperty("ListenAddr") @Nullable String listenAddr,
      @JsonProperty("AdvertiseAddr") @Nullable String advertiseAddr,
      @JsonProperty("DataPathAddr") @Nullable String dataPathAddr,
      @JsonProperty("RemoteAddrs") List<String> remoteAddrs,
      @JsonProperty("JoinToken") String joinToken,
      @JsonProperty("Availability") @Nullable String availability) {}

  /** {@code GET /swarm/unlockkey}, empty where there is none; {@code POST /swarm/unlock}. */
  public record UnlockKey(@JsonProperty("UnlockKey") String key) {}

  /** {@code GET /swarm}; {@code tlsInfo}: what nodes show, or are to show after a rotation. */
  public record SwarmInspect(
      @JsonProperty("ID") String id,
      @JsonProperty("Version") Services.Version version,
      @JsonProperty("CreatedAt") String createdAt,
      @JsonProperty("UpdatedAt") String updatedAt,
      @JsonProperty("Spec") Map<String, Object> spec,
      @JsonProperty("DefaultAddrPool") List<String> defaultAddrPool,
      @JsonProperty("SubnetSize") int subnetSize,
      @JsonProperty("DataPathPort") int dataPathPort,
      @JsonProperty("TLSInfo") Nodes.@Nullable TlsInfo tlsInfo,
      @JsonProperty("RootRotationInProgress") boolean rootRotationInProgress,
      @JsonProperty("JoinTokens") JoinTokens joinTokens) {}

  public record JoinTokens(
      @JsonProperty("Worker") String worker, @JsonProperty("Manager") String manager) {}

  /** {@code GET /info}, the part that meshd owns. */
  public record SystemInfo(
      @JsonProperty("ID") String id,
      @JsonProperty("Name") String name,
      @JsonProperty("ServerVersion") String serverVersion,
      @JsonProperty("OperatingSystem") String operatingSystem,
      @JsonProperty("OSType") String osType,
      @JsonProperty("Architecture") String architecture,
      @JsonProperty("NCPU") int ncpu,
      @JsonProperty("MemTotal") long memTotal,
      @JsonProperty("KernelVersion") String kernelVersion,
      @JsonProperty("Swarm") SwarmInfo swarm) {}

  /** {@code localNodeState}: inactive, pending, active, error, locked. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record SwarmInfo(
      @JsonProperty("NodeID") String nodeId,
      @JsonProperty("NodeAddr") String nodeAddr,
      @JsonProperty("LocalNodeState") String localNodeState,
      @JsonProperty("ControlAvailable") boolean controlAvailable,
      @JsonProperty("Error") String error,
      @JsonProperty("RemoteManagers") @Nullable List<RemoteManager> remoteManagers,
      @JsonProperty("Nodes") @Nullable Integer nodes,
      @JsonProperty("Managers") @Nullable Integer managers,
      @JsonProperty("Cluster") @Nullable Map<String, Object> cluster) {}

  public record RemoteManager(
      @JsonProperty("NodeID") String nodeId, @JsonProperty("Addr") String addr) {}

  public record VersionInfo(
      @JsonProperty("Version") String version,
      @JsonProperty("ApiVersion") String apiVersion,
      @JsonProperty("MinAPIVersion") String minApiVersion,
      @JsonProperty("Os") String os,
      @JsonProperty("Arch") String arch,
      @JsonProperty("KernelVersion") String kernelVersion) {}

  /** The body of every error answer. */
  public record ErrorResponse(@JsonProperty("message") String message) {}
}
