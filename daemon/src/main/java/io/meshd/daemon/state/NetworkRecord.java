package io.meshd.daemon.state;

import io.meshd.ipam.AddressPairs;
import io.meshd.ipam.Cidr;
import io.meshd.ipam.Cidr6;
import io.meshd.ipam.Ipv4;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An overlay network with everything allocated.
 *
 * @param vni VXLAN network identifier, 24 bits (RFC 7348), from 4096
 * @param subnet IPv4 CIDR, 10.0.1.0/24
 * @param ipRange the part of the subnet that addresses are taken from, or null for all of it
 * @param gateway 10.0.1.1
 * @param ingress true for the one network that carries published ports of tasks without another
 * @param swarm of a network that a Docker Swarm made, null for the cluster's own
 * @param ipv6 beside IPv4, or null without
 */
public record NetworkRecord(
    String id,
    long version,
    String createdAt,
    String name,
    int vni,
    String subnet,
    @Nullable String ipRange,
    String gateway,
    boolean attachable,
    boolean internal,
    boolean ingress,
    Map<String, String> options,
    Map<String, String> labels,
    @Nullable SwarmNetwork swarm,
    @Nullable Ipv6Subnet ipv6) {
  /** Docker's option for the MTU of the underlay. */
  public static final String MTU_OPTION = "com.docker.network.driver.mtu";

  /** Docker's driver option; it is there or not, its value says nothing (libnetwork). */
  public static final String ENCRYPTED_OPTION = "encrypted";

  /** The cluster's own, with IPv4 alone. */
  public NetworkRecord(
      String id,
      long version,
      String createdAt,
      String name,
      int vni,
      String subnet,
      @Nullable String ipRange,
      String gateway,
      boolean attachable,
      boolean internal,
      boolean ingress,
      Map<String, String> options,
      Map<String, String> labels) {
    this(
        id,
        version,
        createdAt,
        name,
        vni,
        subnet,
        ipRange,
        gateway,
        attachable,
        internal,
        ingress,
        options,
        labels,
        null,
        null);
  }

  /** The same with what the Docker Swarm has decided since. */
  public NetworkRecord withSwarm(long newVersion, SwarmNetwork other) {
    return new NetworkRecord(
        id,
        newVersion,
        createdAt,
        name,
        vni,
        subnet,
        ipRange,
        gateway,
        attachable,
        internal,
        ingress,
        options,
        labels,
        other,
        ipv6);
  }

  /** How IPv6 addresses go with IPv4 addresses here; null on a network without IPv6. */
  public @Nullable AddressPairs pairs() {
    if (ipv6 == null) {
      return null;
    }
    String range = ipv6.ipRange() == null ? ipv6.subnet() : ipv6.ipRange();
    return new AddressPairs(Cidr.parse(subnet), Cidr6.parse(range));
  }

  /** The IPv6 address that goes with an IPv4 address of the network; null without IPv6. */
  public @Nullable String ipv6Of(String address) {
    AddressPairs pairs = pairs();
    return pairs == null ? null : pairs.ipv6Of(Ipv4.parse(address)).toString();
  }

  /** The same with the prefix length of its subnet: fd00:9::3/64. */
  public @Nullable String ipv6WithPrefix(String address) {
    return ipv6 == null ? null : ipv6Of(address) + "/" + ipv6.prefixLength();
  }

  /** Whether what passes between nodes is sealed. */
  public boolean encrypted() {
    return options.containsKey(ENCRYPTED_OPTION);
  }
}
