package io.meshd.daemon.state;

import io.meshd.ipam.AddressPairs;
import io.meshd.ipam.Cidr;
import io.meshd.ipam.Cidr6;
import io.meshd.ipam.Ipv4;
import io.meshd.ipam.Ipv6;
import io.meshd.ipam.UniqueLocal;
import java.util.List;

/** The IPv6 subnets of new networks. */
final class Ipv6Subnets {
  private Ipv6Subnets() {}

  /**
   * The subnet that was chosen, or else the next of the cluster's own block. Without a chosen
   * gateway it is the address that goes with the IPv4 gateway.
   */
  static Ipv6Subnet of(
      Draft draft,
      String name,
      NetworkRequestCheck.Addressing6 chosen,
      Cidr ipv4,
      String ipv4Gateway) {
    Cidr6 subnet = chosen.subnet();
    if (subnet == null) {
      subnet = next(draft);
    } else {
      refuseOverlap(draft, name, subnet);
    }
    Cidr6 range = chosen.range() == null ? subnet : chosen.range();
    Ipv6RequestCheck.checkSize(ipv4, range);
    Ipv6 gateway = chosen.gateway();
    if (gateway == null) {
      gateway = new AddressPairs(ipv4, range).ipv6Of(Ipv4.parse(ipv4Gateway));
    }
    return new Ipv6Subnet(
        subnet.toString(),
        chosen.range() == null ? null : chosen.range().toString(),
        gateway.toString());
  }

  private static Cidr6 next(Draft draft) {
    List<Cidr6> taken =
        draft.networks.values().stream()
            .map(NetworkRecord::ipv6)
            .filter(ipv6 -> ipv6 != null)
            .map(ipv6 -> Cidr6.parse(ipv6.subnet()))
            .toList();
    return new UniqueLocal(draft.requireCluster().id())
        .next(taken)
        .orElseThrow(
            () ->
                new Refusal(
                    Outcome.Reason.NO_SPACE,
                    "could not find an available, non-overlapping IPv6 address pool among the"
                        + " defaults to assign to the network"));
  }

  private static void refuseOverlap(Draft draft, String name, Cidr6 chosen) {
    for (NetworkRecord other : Draft.sorted(draft.networks)) {
      Ipv6Subnet ipv6 = other.ipv6();
      if (ipv6 != null && Cidr6.parse(ipv6.subnet()).overlaps(chosen)) {
        throw Refusal.invalid(
            "Pool overlaps with other one on this address space: subnet "
                + chosen
                + " of network "
                + name
                + " overlaps with subnet "
                + ipv6.subnet()
                + " of network "
                + other.name());
      }
    }
  }
}
