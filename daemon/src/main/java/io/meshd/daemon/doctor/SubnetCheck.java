package io.meshd.daemon.doctor;

import io.meshd.daemon.linux.HostSubnets;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.ipam.Cidr;
import java.io.IOException;
import java.util.List;

/** Overlay subnets that this node has a route into: its tasks reach only one of both. */
final class SubnetCheck implements Check {
  @Override
  public String name() {
    return "subnets";
  }

  @Override
  public void look(Subject subject, Notes notes) throws IOException {
    List<HostSubnets.Route> routes = HostSubnets.hostRoutes(null);
    int networks = 0;
    for (NetworkRecord network : subject.state().networks().values()) {
      networks++;
      Cidr subnet = Cidr.parse(network.subnet());
      for (HostSubnets.Route route : routes) {
        if (subnet.overlaps(route.prefix())) {
          notes.warning(
              "subnet %s of network %s overlaps with the route %s by %s of this node"
                  .formatted(network.subnet(), network.name(), route.destination(), route.device()),
              "tasks on %s cannot reach what is there: make it with another --subnet, or take the route away"
                  .formatted(network.name()));
        }
      }
    }
    if (notes.isEmpty()) {
      notes.ok("no overlay subnet (of %d) is in a route of this node".formatted(networks));
    }
  }
}
