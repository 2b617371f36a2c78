package io.meshd.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shapes of {@code /networks} (Docker Engine API, "Network"). */
public final class Networks {
  private Networks() {}

  /** {@code POST /networks/create}. */
  public record CreateRequest(
      @JsonProperty("Name") String name,
      @JsonProperty("Driver") @Nullable String driver,
      @JsonProperty("Scope") @Nullable String scope,
      @JsonProperty("CheckDuplicate") @Nullable Boolean checkDuplicate,
      @JsonProperty("EnableIPv4") @Nullable Boolean enableIpv4,
      @JsonProperty("EnableIPv6") @Nullable Boolean enableIpv6,
      @JsonProperty("IPAM") @Nullable Ipam ipam,
      @JsonProperty("Internal") @Nullable Boolean internal,
      @JsonProperty("Attachable") @Nullable Boolean attachable,
      @JsonProperty("Ingress") @Nullable Boolean ingress,
      @JsonProperty("ConfigOnly") @Nullable Boolean configOnly,
      @JsonProperty("ConfigFrom") @Nullable Map<String, String> configFrom,
      @JsonProperty("Options") @Nullable Map<String, String> options,
      @JsonProperty("Labels") @Nullable Map<String, String> labels) {}

  /** Answer of {@code POST /networks/create}. */
  public record CreateResponse(
      @JsonProperty("Id") String id, @JsonProperty("Warning") String warning) {}

  public record Ipam(
      @JsonProperty("Driver") @Nullable String driver,
      @JsonProperty("Options") @Nullable Map<String, String> options,
      @JsonProperty("Config") @Nullable List<IpamConfig> config) {}

  /** One pool; all three in CIDR or dotted form, for example 10.0.1.0/24 and 10.0.1.1. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record IpamConfig(
      @JsonProperty("Subnet") @Nullable String subnet,
      @JsonProperty("IPRange") @Nullable String ipRange,
      @JsonProperty("Gateway") @Nullable String gateway,
      @JsonProperty("AuxiliaryAddresses") @Nullable Map<String, String> auxiliaryAddresses) {}

  /** {@code GET /networks} and {@code GET /networks/{id}}. */
  public record Network(
      @JsonProperty("Name") String name,
      @JsonProperty("Id") String id,
      @JsonProperty("Created") String created,
      @JsonProperty("Scope") String scope,
      @JsonProperty("Driver") String driver,
      @JsonProperty("EnableIPv4") boolean enableIpv4,
      @JsonProperty("EnableIPv6") boolean enableIpv6,
      @JsonProperty("IPAM") Ipam ipam,
      @JsonProperty("Internal") boolean internal,
      @JsonProperty("Attachable") boolean attachable,
      @JsonProperty("Ingress") boolean ingress,
      @JsonProperty("ConfigFrom") Map<String, String> configFrom,
      @JsonProperty("ConfigOnly") boolean configOnly,
      @JsonProperty("Containers") Map<String, NetworkContainer> containers,
      @JsonProperty("Options") Map<String, String> options,
      @JsonProperty("Labels") Map<String, String> labels,
      @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("Peers")
          @Nullable List<Peer> peers) {}

  /** An attached endpoint of this node, under its task or endpoint ID. */
  public record NetworkContainer(
      @JsonProperty("Name") String name,
      @JsonProperty("EndpointID") String endpointId,
      @JsonProperty("MacAddress") String macAddress,
      @JsonProperty("IPv4Address") String ipv4Address,
      @JsonProperty("IPv6Address") String ipv6Address) {}

  public record Peer(@JsonProperty("Name") String name, @JsonProperty("IP") String ip) {}
}
