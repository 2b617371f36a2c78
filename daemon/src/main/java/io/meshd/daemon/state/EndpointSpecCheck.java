package io.meshd.daemon.state;

import io.meshd.api.Services;
import io.meshd.ipam.Ipv4;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Checks how a service is reached: endpoint mode, published ports, balancing. */
final class EndpointSpecCheck {
  private EndpointSpecCheck() {}

  private static final int MAX_WEIGHT = 1000;
  private static final Set<String> CLIENT_ADDRESSES = Set.of("snat", "proxy-v2", "preserve");

  /**
   * @return with mode, protocols and publish modes filled in
   */
  static Services.EndpointSpec checked(Services.@Nullable EndpointSpec endpoint) {
    if (endpoint == null) {
      return new Services.EndpointSpec("vip", null);
    }
    String mode = endpoint.mode() == null || endpoint.mode().isEmpty() ? "vip" : endpoint.mode();
    if (!mode.equals("vip") && !mode.equals("dnsrr")) {
      throw Refusal.invalid("invalid endpoint mode \"" + mode + "\": use vip or dnsrr");
    }
    checkBalancing(endpoint.balancing());
    boolean consent = Boolean.TRUE.equals(endpoint.ingressDnsrr());
    List<Services.PortConfig> ports = null;
    if (endpoint.ports() != null) {
      ports = ports(endpoint.ports(), mode.equals("dnsrr") && !consent);
    }
    return new Services.EndpointSpec(mode, ports, endpoint.balancing(), endpoint.ingressDnsrr());
  }

  private static List<Services.PortConfig> ports(
      List<Services.PortConfig> given, boolean hostModeOnly) {
    List<Services.PortConfig> ports = new ArrayList<>();
    for (Services.PortConfig port : given) {
      Services.PortConfig filled = port(port);
      if (hostModeOnly && ServiceSpecs.ingress(filled)) {
        throw Refusal.invalid(
            "EndpointSpec: port published with ingress mode can't be used with dnsrr mode");
      }
      if (ports.stream().anyMatch(other -> samePlace(other, filled))) {
        throw Refusal.invalid("EndpointSpec: duplicate published ports provided");
      }
      ports.add(filled);
    }
    return List.copyOf(ports);
  }

  private static boolean samePlace(Services.PortConfig a, Services.PortConfig b) {
    int number = ServiceSpecs.publishedPort(a);
    return number != 0
        && number == ServiceSpecs.publishedPort(b)
        && ServiceSpecs.protocol(a).equals(ServiceSpecs.protocol(b))
        && ServiceSpecs.shareAddress(a, b);
  }

  private static Services.PortConfig port(Services.PortConfig port) {
    String protocol = ServiceSpecs.protocol(port);
    if (!protocol.equals("tcp") && !protocol.equals("udp")) {
      throw Refusal.invalid(
          "EndpointSpec: protocol " + protocol + " is not supported: use tcp or udp");
    }
    String mode =
        port.publishMode() == null || port.publishMode().isEmpty() ? "ingress" : port.publishMode();
    if (!mode.equals("ingress") && !mode.equals("host")) {
      throw Refusal.invalid("EndpointSpec: invalid publish mode " + mode + ": use ingress or host");
    }
    if (port.targetPort() < 1 || port.targetPort() > 65535) {
      throw Refusal.invalid(
          "EndpointSpec: invalid target port " + port.targetPort() + ": use 1 to 65535");
    }
    int published = ServiceSpecs.publishedPort(port);
    if (published < 0 || published > 65535) {
      throw Refusal.invalid(
          "EndpointSpec: invalid published port " + published + ": use 1 to 65535");
    }
    return new Services.PortConfig(
        port.name(),
        protocol,
        port.targetPort(),
        published == 0 ? null : published,
        mode,
        hostIp(port.hostIp()),
        clientAddress(port.clientAddress(), protocol, mode));
  }

  /** Null for every address, which is also what 0.0.0.0 means. */
  private static @Nullable String hostIp(@Nullable String address) {
    if (address == null || address.isEmpty() || address.equals("0.0.0.0")) {
      return null;
    }
    try {
      return Ipv4.format(Ipv4.parse(address));
    } catch (IllegalArgumentException e) {
      throw Refusal.invalid(
          "EndpointSpec: invalid address " + address + " of a published port: use an IPv4 address");
    }
  }

  private static @Nullable String clientAddress(
      @Nullable String asked, String protocol, String mode) {
    if (asked == null || asked.isEmpty()) {
      return null;
    }
    if (!CLIENT_ADDRESSES.contains(asked)) {
      throw Refusal.invalid(
          "EndpointSpec: invalid client address mode "
              + asked
              + ": use snat, proxy-v2 or preserve");
    }
    if (mode.equals("host") && !asked.equals("snat")) {
      throw Refusal.invalid(
          "EndpointSpec: client address mode "
              + asked
              + " can't be used with a port published in host mode");
    }
    if (asked.equals("proxy-v2") && !protocol.equals("tcp")) {
      throw Refusal.invalid(
          "EndpointSpec: client address mode proxy-v2 is for tcp: a datagram has no first byte of a"
              + " connection to put a header before");
    }
    return asked;
  }

  private static void checkBalancing(Services.@Nullable Balancing balancing) {
    if (balancing == null) {
      return;
    }
    String affinity = balancing.affinity();
    if (affinity != null && !affinity.equals("none") && !affinity.equals("client-ip")) {
      throw Refusal.invalid(
          "EndpointSpec: invalid endpoint affinity \"" + affinity + "\": use none or client-ip");
    }
    Long slowStart = balancing.slowStart();
    if (slowStart != null && slowStart < 0) {
      throw Refusal.invalid("EndpointSpec: endpoint slow start cannot be negative");
    }
    weights(balancing)
        .forEach(
            (node, weight) -> {
              if (weight < 0 || weight > MAX_WEIGHT) {
                throw Refusal.invalid(
                    "EndpointSpec: invalid endpoint weight "
                        + weight
                        + " of node "
                        + node
                        + ": use 0 to "
                        + MAX_WEIGHT);
              }
            });
  }

  /**
   * Every node that is given a weight exists, by ID or name. One that had a weight before may be
   * gone meanwhile.
   */
  static void checkNodes(
      Draft draft, Services.ServiceSpec spec, Services.@Nullable ServiceSpec old) {
    Set<String> known = old == null ? Set.of() : weights(old).keySet();
    for (String node : weights(spec).keySet()) {
      boolean there =
          draft.nodes.containsKey(node)
              || draft.nodes.values().stream().anyMatch(n -> n.hostname().equals(node));
      if (!there && !known.contains(node)) {
        throw Refusal.notFound("node", node);
      }
    }
  }

  private static Map<String, Integer> weights(Services.ServiceSpec spec) {
    Services.EndpointSpec endpoint = spec.endpointSpec();
    return endpoint == null ? Map.of() : weights(endpoint.balancing());
  }

  private static Map<String, Integer> weights(Services.@Nullable Balancing balancing) {
    return balancing == null || balancing.weights() == null ? Map.of() : balancing.weights();
  }
}
