package io.meshd.daemon.plugin;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What Docker asks and is answered, as far as it is looked at here. */
public final class Messages {
  private Messages() {}

  /** IpamDriver.RequestPool. {@code pool}: --subnet, {@code subPool}: --ip-range, or empty. */
  public record PoolRequest(
      @JsonProperty("Pool") @Nullable String pool,
      @JsonProperty("SubPool") @Nullable String subPool,
      @JsonProperty("Options") @Nullable Map<String, String> options,
      @JsonProperty("V6") boolean v6) {}

  public record PoolAnswer(
      @JsonProperty("PoolID") String poolId,
      @JsonProperty("Pool") String pool,
      @JsonProperty("Data") Map<String, String> data) {}

  /** IpamDriver.RequestAddress and ReleaseAddress. {@code address}: without prefix, or empty. */
  public record AddressRequest(
      @JsonProperty("PoolID") String poolId,
      @JsonProperty("Address") @Nullable String address,
      @JsonProperty("Options") @Nullable Map<String, String> options) {}

  /** {@code address}: with prefix. */
  public record AddressAnswer(@JsonProperty("Address") String address) {}

  /** NetworkDriver.CreateNetwork and AllocateNetwork. */
  public record NetworkRequest(
      @JsonProperty("NetworkID") String networkId,
      @JsonProperty("Options") @Nullable Map<String, Object> options,
      @JsonProperty("IPv4Data") @Nullable List<IpamData> ipv4,
      @JsonProperty("IPv6Data") @Nullable List<IpamData> ipv6) {}

  /** {@code gateway}: with prefix. */
  public record IpamData(
      @JsonProperty("AddressSpace") @Nullable String addressSpace,
      @JsonProperty("Pool") @Nullable String pool,
      @JsonProperty("Gateway") @Nullable String gateway) {}

  /** What has no more than IDs: Leave, DeleteEndpoint, DeleteNetwork and the like. */
  public record Reference(
      @JsonProperty("NetworkID") String networkId,
      @JsonProperty("EndpointID") @Nullable String endpointId) {}

  /** NetworkDriver.CreateEndpoint. {@code options}: of the driver, among what else there is. */
  public record EndpointRequest(
      @JsonProperty("NetworkID") String networkId,
      @JsonProperty("EndpointID") String endpointId,
      @JsonProperty("Interface") @Nullable Interface wanted,
      @JsonProperty("Options") @Nullable Map<String, Object> options) {}

  /** {@code address} and {@code ipv6}: with prefix. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Interface(
      @JsonProperty("Address") @Nullable String address,
      @JsonProperty("AddressIPv6") @Nullable String ipv6,
      @JsonProperty("MacAddress") @Nullable String macAddress) {}

  public record EndpointAnswer(@JsonProperty("Interface") Interface made) {}

  /** NetworkDriver.Join. {@code sandboxKey}: path of the container's namespace. */
  public record JoinRequest(
      @JsonProperty("NetworkID") String networkId,
      @JsonProperty("EndpointID") String endpointId,
      @JsonProperty("SandboxKey") String sandboxKey) {}

  public record JoinAnswer(
      @JsonProperty("InterfaceName") InterfaceName interfaceName,
      @JsonProperty("StaticRoutes") List<StaticRoute> staticRoutes,
      @JsonProperty("DisableGatewayService") boolean disableGatewayService) {}

  public record InterfaceName(
      @JsonProperty("SrcName") String srcName, @JsonProperty("DstPrefix") String dstPrefix) {}

  /** {@code routeType}: 0 by next hop, 1 on the link. */
  public record StaticRoute(
      @JsonProperty("Destination") String destination,
      @JsonProperty("RouteType") int routeType,
      @JsonProperty("NextHop") String nextHop) {}
}
