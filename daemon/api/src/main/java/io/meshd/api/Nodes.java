package io.meshd.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shapes of {@code /nodes} (Docker Engine API, "Node"). */
public final class Nodes {
  private Nodes() {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Node(
      @JsonProperty("ID") String id,
      @JsonProperty("Version") Services.Version version,
      @JsonProperty("CreatedAt") String createdAt,
      @JsonProperty("UpdatedAt") String updatedAt,
      @JsonProperty("Spec") NodeSpec spec,
      @JsonProperty("Description") NodeDescription description,
      @JsonProperty("Status") NodeStatus status,
      @JsonProperty("ManagerStatus") @Nullable ManagerStatus managerStatus) {}

  /** {@code role}: worker, manager; {@code availability}: active, pause, drain. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record NodeSpec(
      @JsonProperty("Name") @Nullable String name,
      @JsonProperty("Labels") @Nullable Map<String, String> labels,
      @JsonProperty("Role") String role,
      @JsonProperty("Availability") String availability) {}

  /** {@code tlsInfo}: null until the node has told it. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record NodeDescription(
      @JsonProperty("Hostname") String hostname,
      @JsonProperty("Platform") Platform platform,
      @JsonProperty("Resources") Resources resources,
      @JsonProperty("Engine") Engine engine,
      @JsonProperty("TLSInfo") @Nullable TlsInfo tlsInfo) {
    public NodeDescription(String hostname, Platform platform, Resources resources, Engine engine) {
      this(hostname, platform, resources, engine, null);
    }

    public NodeDescription withTls(TlsInfo info) {
      return new NodeDescription(hostname, platform, resources, engine, info);
    }
  }

  /**
   * @param trustRoot PEM of the CA's root
   * @param certIssuerSubject DER as base64, of who signed the certificate
   * @param certIssuerPublicKey DER as base64
   */
  public record TlsInfo(
      @JsonProperty("TrustRoot") String trustRoot,
      @JsonProperty("CertIssuerSubject") String certIssuerSubject,
      @JsonProperty("CertIssuerPublicKey") String certIssuerPublicKey) {}

  public record Platform(
      @JsonProperty("Architecture") String architecture, @JsonProperty("OS") String os) {}

  public record Resources(
      @JsonProperty("NanoCPUs") long nanoCpus, @JsonProperty("MemoryBytes") long memoryBytes) {}

  /** {@code labels}: what the daemon says of itself beside its version. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Engine(
      @JsonProperty("EngineVersion") String engineVersion,
      @JsonProperty("Labels") @Nullable Map<String, String> labels) {
    public Engine(String engineVersion) {
      this(engineVersion, null);
    }
  }

  /** {@code state}: unknown, down, ready, disconnected. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record NodeStatus(
      @JsonProperty("State") String state,
      @JsonProperty("Message") @Nullable String message,
      @JsonProperty("Addr") String addr) {}

  /** {@code reachability}: unknown, unreachable, reachable; {@code addr}: host:2377. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record ManagerStatus(
      @JsonProperty("Leader") @Nullable Boolean leader,
      @JsonProperty("Reachability") String reachability,
      @JsonProperty("Addr") String addr) {}
}
