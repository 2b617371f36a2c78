package io.meshd.daemon.state;

import io.meshd.api.Services;
import io.meshd.ipam.PortAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * Published ports across services. An ingress port is one service's on all nodes, or on one address
 * of each; host-mode ports of several services may have one number, the scheduler then keeps them
 * on different nodes.
 */
final class PublishedPorts {
  private PublishedPorts() {}

  /**
   * The spec's ports with every ingress port numbered. A number that was allocated stays with the
   * port it was allocated for.
   *
   * @param serviceId whose ports do not count as taken
   * @param old the service's ports so far
   */
  static List<Services.PortConfig> allocate(
      Draft draft, String serviceId, Services.ServiceSpec spec, List<Services.PortConfig> old) {
    List<Services.PortConfig> wanted = ServiceSpecs.ports(spec);
    wanted.forEach(port -> refuseConflict(draft, serviceId, port));
    // Numbers that the user chose count as taken first, so that no open port gets one of them.
    PortAllocator tcp = allocator(draft, serviceId, wanted, "tcp");
    PortAllocator udp = allocator(draft, serviceId, wanted, "udp");
    List<Services.PortConfig> ports = new ArrayList<>();
    for (Services.PortConfig port : wanted) {
      boolean open = ServiceSpecs.ingress(port) && port.publishedPort() == null;
      PortAllocator allocator = ServiceSpecs.protocol(port).equals("udp") ? udp : tcp;
      ports.add(open ? kept(port, old, allocator) : port);
    }
    for (int i = 0; i < ports.size(); i++) {
      Services.PortConfig port = ports.get(i);
      if (ServiceSpecs.ingress(port) && port.publishedPort() == null) {
        String protocol = ServiceSpecs.protocol(port);
        PortAllocator allocator = protocol.equals("udp") ? udp : tcp;
        ports.set(i, numbered(port, allocator.allocate().orElseThrow(() -> full(protocol))));
        draft.nextPort.put(protocol, allocator.next());
      }
    }
    return List.copyOf(ports);
  }

  private static PortAllocator allocator(
      Draft draft, String serviceId, List<Services.PortConfig> wanted, String protocol) {
    Set<Integer> taken = taken(draft, serviceId, protocol);
    wanted.stream()
        .filter(port -> ServiceSpecs.protocol(port).equals(protocol))
        .filter(port -> port.publishedPort() != null)
        .forEach(port -> taken.add(ServiceSpecs.publishedPort(port)));
    return new PortAllocator(taken, draft.nextPort.getOrDefault(protocol, 0));
  }

  /** The number the same port had before, or the port as it is. */
  private static Services.PortConfig kept(
      Services.PortConfig port, List<Services.PortConfig> old, PortAllocator allocator) {
    for (Services.PortConfig before : old) {
      boolean same =
          ServiceSpecs.ingress(before)
              && before.targetPort() == port.targetPort()
              && ServiceSpecs.protocol(before).equals(ServiceSpecs.protocol(port))
              && Objects.equals(before.hostIp(), port.hostIp());
      if (same && allocator.reserve(ServiceSpecs.publishedPort(before))) {
        return numbered(port, ServiceSpecs.publishedPort(before));
      }
    }
    return port;
  }

  private static Refusal full(String protocol) {
    return new Refusal(
        Outcome.Reason.NO_SPACE,
        "dynamic port space is exhausted: all of "
            + PortAllocator.FIRST_DYNAMIC
            + "-"
            + PortAllocator.LAST_DYNAMIC
            + " are published for "
            + protocol);
  }

  private static Services.PortConfig numbered(Services.PortConfig port, int number) {
    return new Services.PortConfig(
        port.name(),
        port.protocol(),
        port.targetPort(),
        number,
        port.publishMode(),
        port.hostIp(),
        port.clientAddress());
  }

  private static Set<Integer> taken(Draft draft, String serviceId, String protocol) {
    Set<Integer> taken = new TreeSet<>();
    for (ServiceRecord service : draft.services.values()) {
      if (!service.id().equals(serviceId)) {
        service.ports().stream()
            .filter(port -> ServiceSpecs.protocol(port).equals(protocol))
            .filter(port -> ServiceSpecs.publishedPort(port) != 0)
            .forEach(port -> taken.add(ServiceSpecs.publishedPort(port)));
      }
    }
    return taken;
  }

  /** Swarm's rules and words (swarmkit checkPortConflicts). */
  private static void refuseConflict(Draft draft, String serviceId, Services.PortConfig port) {
    int number = ServiceSpecs.publishedPort(port);
    if (number == 0) {
      return;
    }
    for (ServiceRecord service : Draft.sorted(draft.services)) {
      if (service.id().equals(serviceId)) {
        continue;
      }
      for (Services.PortConfig other : service.ports()) {
        boolean same =
            ServiceSpecs.publishedPort(other) == number
                && ServiceSpecs.protocol(other).equals(ServiceSpecs.protocol(port))
                && ServiceSpecs.shareAddress(other, port);
        boolean bothHost = ServiceSpecs.host(other) && ServiceSpecs.host(port);
        if (same && !bothHost) {
          throw Refusal.invalid(
              "port '"
                  + number
                  + "' is already in use by service '"
                  + service.name()
                  + "' ("
                  + service.id()
                  + ") as "
                  + (ServiceSpecs.host(other) ? "a host-published port" : "an ingress port"));
        }
      }
    }
  }
}
