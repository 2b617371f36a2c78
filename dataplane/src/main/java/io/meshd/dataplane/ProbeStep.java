package io.meshd.dataplane;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node's switch would do with a {@link Probe}.
 *
 * @param network its name; empty where the probe came to none
 * @param neighbor who answered ARP for the next hop; null where nobody was asked or answered
 * @param balanced what was chosen for a virtual IP; null where it was for none
 * @param source of the packet as it goes on
 * @param destination of the packet as it goes on
 * @param ports of this node that get it
 * @param vteps of other nodes that get it
 * @param datagram what they get, VXLAN and what is in it; empty where there are none
 * @param answer name of the counter of what the switch itself answered; null for nothing
 * @param dropped label of the {@code DropReason}; null for not
 * @param meaning the reason in words; null where it was not dropped
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody, changed by nobody
public record ProbeStep(
    String network,
    int vni,
    boolean encrypted,
    @Nullable MacAddress neighbor,
    @Nullable Balanced balanced,
    Ipv4Address source,
    Ipv4Address destination,
    List<String> ports,
    List<Ipv4Address> vteps,
    byte[] datagram,
    @Nullable String answer,
    @Nullable String dropped,
    @Nullable String meaning) {

  /**
   * A choice, and what it was made of.
   *
   * @param service its name
   * @param chosen ID of the backend; null for none
   */
  public record Balanced(
      String service, boolean byClient, @Nullable String chosen, List<Backend> backends) {}

  /**
   * A backend as the choice saw it.
   *
   * @param weightNow percent of its weight that slow start lets it have
   */
  public record Backend(
      String id,
      Ipv4Address address,
      int weight,
      int weightNow,
      int openFlows,
      boolean draining,
      boolean local,
      boolean ejected) {}
}
