package io.meshd.daemon.rest;

import io.meshd.api.Paths;
import io.meshd.api.Swarm;
import io.meshd.daemon.control.SwarmControl;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.Routes.Doors;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** _ping, version, info, and the empty lists that stock clients ask for. */
final class SystemRoutes {

  private final SwarmControl control;
  private final HostFacts host;

  SystemRoutes(SwarmControl control, HostFacts host) {
    this.control = control;
    this.host = host;
  }

  void addTo(Routes routes) {
    routes.add(Doors.LOCAL, "GET", Paths.PING, this::ping);
    routes.add(Doors.LOCAL, "HEAD", Paths.PING, this::ping);
    routes.add(Doors.LOCAL, "GET", Paths.VERSION, this::version);
    routes.add(Doors.LOCAL, "GET", Paths.INFO, this::info);
    routes.add(Doors.LOCAL, "GET", "/secrets", exchange -> exchange.respond(200, List.of()));
    routes.add(Doors.LOCAL, "GET", "/configs", exchange -> exchange.respond(200, List.of()));
    routes.add(Doors.LOCAL, "GET", "/distribution/{image...}", this::distribution);
  }

  private void ping(Exchange exchange) {
    SwarmControl.Membership me = control.membership();
    String role = me.manager() ? "/manager" : "/worker";
    boolean active = me.localNodeState().equals("active");
    exchange.setHeader("Swarm", active ? "active" + role : me.localNodeState());
    exchange.setHeader("Cache-Control", "no-cache, no-store, must-revalidate");
    exchange.setHeader("Pragma", "no-cache");
    byte[] body =
        exchange.method().equals("HEAD") ? new byte[0] : "OK".getBytes(StandardCharsets.UTF_8);
    exchange.respondRaw(200, "text/plain; charset=utf-8", body);
  }

  private void version(Exchange exchange) {
    exchange.respond(
        200,
        new Swarm.VersionInfo(
            host.engineVersion(),
            Paths.API_VERSION,
            Paths.MIN_API_VERSION,
            "linux",
            host.goArchitecture(),
            host.kernelVersion()));
  }

  private void info(Exchange exchange) {
    SwarmControl.Membership me = control.membership();
    ClusterState state = control.state();
    boolean active = me.localNodeState().equals("active");
    List<Swarm.RemoteManager> managers =
        me.managers().stream()
            .map(address -> new Swarm.RemoteManager(managerId(state, address), address))
            .toList();
    exchange.respond(
        200,
        new Swarm.SystemInfo(
            me.nodeId(),
            host.hostname(),
            host.engineVersion(),
            host.operatingSystem(),
            "linux",
            host.architecture(),
            host.cpus(),
            host.memoryBytes(),
            host.kernelVersion(),
            new Swarm.SwarmInfo(
                me.nodeId(),
                me.nodeAddress(),
                me.localNodeState(),
                active && me.manager(),
                me.error(),
                managers.isEmpty() ? null : managers,
                active && me.manager() ? state.nodes().size() : null,
                active && me.manager()
                    ? (int) state.nodes().values().stream().filter(NodeRecord::manager).count()
                    : null,
                active && me.manager() && state.cluster() != null
                    ? Map.of("ID", state.cluster().id())
                    : null)));
  }

  private static String managerId(ClusterState state, String address) {
    return state.nodes().values().stream()
        .filter(node -> node.controlAddress().equals(address))
        .map(NodeRecord::id)
        .findFirst()
        .orElse("");
  }

  /** The CLI asks for an image's digest and goes on without one. */
  private void distribution(Exchange exchange) {
    throw new ApiException(500, "images are not looked up in registries by this daemon");
  }
}
