package io.meshd.daemon.state;

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
    @Nullable SwarmNetwork swarm) {
  /** Docker's driver option; it is there or not, its value says nothing (libnetwork). */
  public static final String ENCRYPTED_OPTION = "encrypted";

  /** The cluster's own. */
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
        other);
  }

  /** Whether what passes between nodes is sealed. */
  public boolean encrypted() {
    return options.containsKey(ENCRYPTED_OPTION);
  }
}
