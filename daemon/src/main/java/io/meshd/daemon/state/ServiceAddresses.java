package io.meshd.daemon.state;

import io.meshd.api.Services;
import io.meshd.ipam.Cidr;
import io.meshd.ipam.Ipv4;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A service's virtual IPs, and the networks of its tasks. */
final class ServiceAddresses {
  private ServiceAddresses() {}

  /** The address of a VIP, without its prefix length. */
  static int address(Services.VirtualIp vip) {
    return Ipv4.parse(vip.addr().substring(0, vip.addr().indexOf('/')));
  }

  /**
   * One on {@code ingress} where a port is published in ingress mode, as in Swarm, then one per
   * network; none for dnsrr. What {@code old} has on a network stays.
   */
  static List<Services.VirtualIp> virtualIps(
      Draft draft, Services.ServiceSpec spec, List<Services.VirtualIp> old) {
    List<Services.VirtualIp> vips = new ArrayList<>();
    if (ServiceSpecs.dnsrr(spec)) {
      return vips;
    }
    List<NetworkRecord> networks = new ArrayList<>();
    if (ServiceSpecs.publishesIngress(ServiceSpecs.ports(spec))) {
      networks.add(draft.ingress());
    }
    ServiceSpecs.networks(spec).forEach(n -> networks.add(draft.network(n.target())));
    for (NetworkRecord network : networks) {
      Optional<Services.VirtualIp> kept =
          old.stream().filter(vip -> vip.networkId().equals(network.id())).findFirst();
      vips.add(kept.orElseGet(() -> allocate(draft, network)));
    }
    return vips;
  }

  private static Services.VirtualIp allocate(Draft draft, NetworkRecord network) {
    Attachment attachment = draft.attach(network).orElseThrow(() -> full(network));
    int prefix = Cidr.parse(network.subnet()).prefix();
    return new Services.VirtualIp(network.id(), attachment.address() + "/" + prefix);
  }

  static Refusal full(NetworkRecord network) {
    return new Refusal(Outcome.Reason.NO_SPACE, Draft.exhausted(network));
  }

  /**
   * Where the service's tasks are attached, in order: its networks, or {@code ingress} when it has
   * none but publishes a port in ingress mode, or nothing.
   */
  static List<NetworkRecord> taskNetworks(Draft draft, Services.ServiceSpec spec) {
    List<Services.NetworkAttachmentConfig> networks = ServiceSpecs.networks(spec);
    if (!networks.isEmpty()) {
      return networks.stream().map(n -> draft.network(n.target())).toList();
    }
    return ServiceSpecs.publishesIngress(ServiceSpecs.ports(spec))
        ? List.of(draft.ingress())
        : List.of();
  }

  /** Networks of a spec by ID, each once. */
  static List<Services.NetworkAttachmentConfig> resolve(Draft draft, Services.ServiceSpec spec) {
    List<Services.NetworkAttachmentConfig> resolved = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (Services.NetworkAttachmentConfig config : ServiceSpecs.networks(spec)) {
      NetworkRecord network = draft.network(config.target());
      if (network.ingress()) {
        throw Refusal.invalid(
            "Service cannot be explicitly attached to the ingress network \""
                + network.name()
                + "\"");
      }
      if (network.swarm() != null) {
        throw Refusal.invalid(
            "network " + network.name() + " is the Docker Swarm's: its services are made there");
      }
      if (!seen.add(network.id())) {
        throw Refusal.invalid("service is already attached to network " + network.name());
      }
      resolved.add(
          new Services.NetworkAttachmentConfig(
              network.id(), config.aliases(), config.driverOpts()));
    }
    return List.copyOf(resolved);
  }
}
