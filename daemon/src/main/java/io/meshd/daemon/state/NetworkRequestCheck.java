package io.meshd.daemon.state;

import io.meshd.api.Networks;
import io.meshd.ipam.AddressPool;
import io.meshd.ipam.Cidr;
import io.meshd.ipam.Ipv4;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What can be said about a request for a network without looking at the other networks. */
final class NetworkRequestCheck {
  private NetworkRequestCheck() {}

  private static final Set<String> PREDEFINED = Set.of("bridge", "host", "none", "default");
  private static final String GATEWAY_BRIDGE = "docker_gwbridge";

  /** The three parts of IPAM that the user chose; each may be null. */
  record Addressing(@Nullable Cidr subnet, @Nullable Cidr range, @Nullable String gateway) {}

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
      throw Refusal.invalid("IPv6 is not supported on overlay networks yet");
    }
    if (Boolean.FALSE.equals(request.enableIpv4())) {
      throw Refusal.invalid("an overlay network needs IPv4");
    }
  }

  /** The request's IPAM part, in swarmkit's words where it is refused. */
  static Addressing addressing(Networks.CreateRequest request) {
    Networks.Ipam ipam = request.ipam();
    if (ipam == null) {
      return new Addressing(null, null, null);
    }
    String driver = ipam.driver();
    if (driver != null && !driver.isEmpty() && !driver.equals("default")) {
      throw Refusal.invalid("IPAM driver \"" + driver + "\" is not supported: only \"default\" is");
    }
    List<Networks.IpamConfig> configs = ipam.config();
    if (configs == null || configs.isEmpty()) {
      return new Addressing(null, null, null);
    }
    if (configs.size() > 1) {
      throw Refusal.invalid("an overlay network has one subnet, not " + configs.size());
    }
    return addressing(configs.getFirst());
  }

  private static Addressing addressing(Networks.IpamConfig config) {
    if (config.auxiliaryAddresses() != null && !config.auxiliaryAddresses().isEmpty()) {
      throw Refusal.invalid("auxiliary addresses are not supported on overlay networks yet");
    }
    String subnetText = orEmpty(config.subnet());
    String rangeText = orEmpty(config.ipRange());
    String gateway = orEmpty(config.gateway());
    if (subnetText.isEmpty()) {
      if (!rangeText.isEmpty() || !gateway.isEmpty()) {
        throw Refusal.invalid("every ip-range or gateway must have a corresponding subnet");
      }
      return new Addressing(null, null, null);
    }
    Cidr subnet = subnet(subnetText);
    Cidr range = rangeText.isEmpty() ? null : range(subnet, rangeText);
    if (!gateway.isEmpty()) {
      checkGateway(subnet, gateway);
    }
    return new Addressing(subnet, range, gateway.isEmpty() ? null : gateway);
  }

  private static Cidr subnet(String text) {
    if (text.contains(":")) {
      throw Refusal.invalid("IPv6 is not supported on overlay networks yet: subnet " + text);
    }
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

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }
}
