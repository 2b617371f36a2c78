package io.meshd.daemon.state;

import io.meshd.api.Networks;
import io.meshd.ipam.AddressPool;
import io.meshd.ipam.Cidr;
import io.meshd.ipam.Cidr6;
import io.meshd.ipam.Ipv4;
import io.meshd.ipam.Ipv6;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What can be said about a request for a network without looking at the other networks. */
final class NetworkRequestCheck {
  private NetworkRequestCheck() {}

  private static final Set<String> PREDEFINED = Set.of("bridge", "host", "none", "default");
  private static final String GATEWAY_BRIDGE = "docker_gwbridge";

  /** 1280 (RFC 8200 section 5) with what VXLAN and sealing take, rounded up. */
  private static final int LEAST_UNDERLAY = 1360;

  /** What the user chose for one family; each may be null. */
  record Addressing(@Nullable Cidr subnet, @Nullable Cidr range, @Nullable String gateway) {
    static final Addressing NONE = new Addressing(null, null, null);
  }

  /** The same of IPv6. */
  record Addressing6(@Nullable Cidr6 subnet, @Nullable Cidr6 range, @Nullable Ipv6 gateway) {
    static final Addressing6 NONE = new Addressing6(null, null, null);
  }

  static void check(Networks.CreateRequest request) {
    boolean ingress = Boolean.TRUE.equals(request.ingress());
    if (ingress && Boolean.TRUE.equals(request.attachable())) {
      throw Refusal.invalid("ingress network cannot be attachable");
    }
    String name = request.name();
    Names.check(name);
    if (PREDEFINED.contains(name)) {
      throw new Refusal(
          Outcome.Reason.FORBIDDEN, name + " is a pre-defined network and cannot be created");
    }
    if (name.equals(GATEWAY_BRIDGE)) {
      throw new Refusal(
          Outcome.Reason.ALREADY_EXISTS, "network with name " + name + " already exists");
    }
    String driver = request.driver();
    if (driver != null && !driver.isEmpty() && !driver.equals("overlay")) {
      throw Refusal.invalid(
          "network driver \""
              + driver
              + "\" is not supported: only \"overlay\" networks can be"
              + " created");
    }
    String scope = request.scope();
    if (scope != null && !scope.isEmpty() && !scope.equals("swarm") && !scope.equals("global")) {
      throw Refusal.invalid(
          "network scope \""
              + scope
              + "\" is not supported: overlay networks have scope"
              + " \"swarm\"");
    }
    if (Boolean.TRUE.equals(request.configOnly())
        || (request.configFrom() != null
            && !request.configFrom().getOrDefault("Network", "").isEmpty())) {
      throw Refusal.invalid("config-only networks are not supported: give the options themselves");
    }
    if (Boolean.TRUE.equals(request.enableIpv6())) {
      checkIpv6(request);
    }
    if (Boolean.FALSE.equals(request.enableIpv4())) {
      throw Refusal.invalid("an overlay network needs IPv4");
    }
  }

  private static void checkIpv6(Networks.CreateRequest request) {
    if (Boolean.TRUE.equals(request.ingress())) {
      throw Refusal.invalid("the ingress network has IPv4 only: leave IPv6 out");
    }
    String mtu = request.options() == null ? null : request.options().get(NetworkRecord.MTU_OPTION);
    if (mtu != null && mtu.matches("[0-9]{2,5}") && Integer.parseInt(mtu) < LEAST_UNDERLAY) {
      throw Refusal.invalid(
          NetworkRecord.MTU_OPTION
              + "="
              + mtu
              + " leaves less than the 1280 bytes that IPv6 needs: use "
              + LEAST_UNDERLAY
              + " or more");
    }
  }

  /** The request's IPv4 part, in swarmkit's words where it is refused. */
  static Addressing addressing(Networks.CreateRequest request) {
    Networks.IpamConfig config = config(request, false);
    return config == null ? Addressing.NONE : addressing(config);
  }

  /** The request's IPv6 part. */
  static Addressing6 addressing6(Networks.CreateRequest request) {
    Networks.IpamConfig config = config(request, true);
    if (config == null) {
      return Addressing6.NONE;
    }
    if (!Boolean.TRUE.equals(request.enableIpv6())) {
      throw Refusal.invalid(
          "subnet " + config.subnet() + " is IPv6, which the network has with --ipv6 only");
    }
    return Ipv6RequestCheck.addressing(config);
  }

  /** What is asked of a family, at most one subnet of each. */
  private static Networks.@Nullable IpamConfig config(
      Networks.CreateRequest request, boolean ipv6) {
    Networks.Ipam ipam = request.ipam();
    if (ipam == null) {
      return null;
    }
    String driver = ipam.driver();
    if (driver != null && !driver.isEmpty() && !driver.equals("default")) {
      throw Refusal.invalid("IPAM driver \"" + driver + "\" is not supported: only \"default\" is");
    }
    List<Networks.IpamConfig> configs = ipam.config() == null ? List.of() : ipam.config();
    List<Networks.IpamConfig> found =
        configs.stream().filter(config -> orEmpty(config.subnet()).contains(":") == ipv6).toList();
    if (found.size() > 1) {
      throw Refusal.invalid(
          "an overlay network has one "
              + (ipv6 ? "IPv6" : "IPv4")
              + " subnet, not "
              + found.size());
    }
    for (Networks.IpamConfig config : found) {
      if (config.auxiliaryAddresses() != null && !config.auxiliaryAddresses().isEmpty()) {
        throw Refusal.invalid("auxiliary addresses are not supported on overlay networks yet");
      }
    }
    return found.isEmpty() ? null : found.getFirst();
  }

  private static Addressing addressing(Networks.IpamConfig config) {
    String subnetText = orEmpty(config.subnet());
    String rangeText = orEmpty(config.ipRange());
    String gateway = orEmpty(config.gateway());
    if (subnetText.isEmpty()) {
      if (!rangeText.isEmpty() || !gateway.isEmpty()) {
        throw Refusal.invalid("every ip-range or gateway must have a corresponding subnet");
      }
      return Addressing.NONE;
    }
    Cidr subnet = subnet(subnetText);
    Cidr range = rangeText.isEmpty() ? null : range(subnet, rangeText);
    if (!gateway.isEmpty()) {
      checkGateway(subnet, gateway);
    }
    return new Addressing(subnet, range, gateway.isEmpty() ? null : gateway);
  }

  private static Cidr subnet(String text) {
    Cidr subnet;
    try {
      subnet = Cidr.parse(text);
    } catch (IllegalArgumentException e) {
      throw Refusal.invalid("ipam configuration: invalid subnet " + text);
    }
    if (subnet.prefix() < AddressPool.MIN_PREFIX || subnet.prefix() > AddressPool.MAX_PREFIX) {
      throw Refusal.invalid(
          "ipam configuration: invalid subnet "
              + text
              + ": its prefix length must be between 8 and 30");
    }
    int first = subnet.network() >>> 24;
    if (first == 0 || first == 127 || first >= 224) {
      throw Refusal.invalid(
          "ipam configuration: invalid subnet " + text + ": hosts cannot have addresses of it");
    }
    return subnet;
  }

  private static Cidr range(Cidr subnet, String text) {
    Cidr range;
    try {
      range = Cidr.parse(text);
    } catch (IllegalArgumentException e) {
      throw Refusal.invalid("ipam configuration: invalid range " + text);
    }
    if (!subnet.contains(range)) {
      throw Refusal.invalid(
          "ipam configuration: subnet " + subnet + " does not contain range " + text);
    }
    return range;
  }

  private static void checkGateway(Cidr subnet, String text) {
    int gateway;
    try {
      gateway = Ipv4.parse(text);
    } catch (IllegalArgumentException e) {
      throw Refusal.invalid("ipam configuration: invalid gateway " + text);
    }
    if (!subnet.contains(gateway)) {
      throw Refusal.invalid(
          "ipam configuration: subnet " + subnet + " does not contain gateway " + text);
    }
    long offset = subnet.offset(gateway);
    if (offset == 0 || offset == subnet.size() - 1) {
      throw Refusal.invalid(
          "ipam configuration: invalid gateway "
              + text
              + ": it is the network or broadcast address of "
              + subnet);
    }
  }

  static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }
}
