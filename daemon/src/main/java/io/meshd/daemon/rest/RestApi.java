package io.meshd.daemon.rest;

import io.meshd.api.Mesh;
import io.meshd.api.Paths;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.control.SwarmControl;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.ApiServer;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.Routes.Doors;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.StateCodec;
import io.meshd.daemon.tasks.LocalTasks;
import io.meshd.daemon.tasks.TaskLogs;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * All of the API, put together.
 *
 * @param forward takes a call to the leader
 * @param localTasks null while this node is in no cluster
 * @param logs of all tasks of this node; null while it is in no cluster
 * @param nodes reads from other nodes
 * @param ports who serves a port on this node
 * @param counters name to value, of the whole daemon
 * @param gossip null while this node is in no cluster
 * @param trace null while this node is in no cluster
 * @param doctor null while this node is in no cluster
 * @param engine gets what is not served here
 * @param events is told every state of the cluster
 */
public record RestApi(
    SwarmControl control,
    LeaderForward forward,
    Supplier<@Nullable LocalTasks> localTasks,
    Supplier<@Nullable TaskLogs> logs,
    NodeReader nodes,
    PortSurvey.Holders ports,
    Supplier<HostNetworks> hostNetworks,
    Supplier<Map<String, Long>> counters,
    Supplier<Mesh.@Nullable Gossip> gossip,
    Supplier<@Nullable TraceAnswers> trace,
    Supplier<@Nullable SelfExamination> doctor,
    HostFacts host,
    Engine engine,
    ClusterEvents events,
    Clock clock) {

  /** How the server is to present itself: Docker's headers, the versions that are served. */
  public static ApiServer.Settings serverSettings(HostFacts host) {
    return new ApiServer.Settings(
        Map.of(
            "Api-Version",
            Paths.API_VERSION,
            "Docker-Experimental",
            "false",
            "Ostype",
            "linux",
            "Server",
            "Meshd/%s (linux)".formatted(host.engineVersion())),
        Paths.MIN_API_VERSION,
        Paths.API_VERSION,
        Duration.ofMinutes(5));
  }

  public void addTo(Routes routes) {
    Ids ids = Ids.random();
    ClusterAccess cluster = new ClusterAccess(control, forward, clock);
    LocalContainers containers = new LocalContainers(localTasks, control, engine);
    new SystemRoutes(control, host, engine, containers).addTo(routes);
    new EventRoutes(control, events, engine, clock).addTo(routes);
    new EngineRoutes(engine, containers).addTo(routes);
    new SwarmRoutes(cluster, ids).addTo(routes);
    new KeyRoutes(cluster).addTo(routes);
    new NodeRoutes(cluster).addTo(routes);
    Twins twins = new Twins(engine);
    LocalNetworks networks = new LocalNetworks(hostNetworks, host.hostname(), engine, twins);
    new NetworkRoutes(cluster, ids, engine, networks, twins).addTo(routes);
    new AttachRoutes(control, engine, twins).addTo(routes);
    PortSurvey survey = new PortSurvey(cluster, nodes, ports);
    survey.addTo(routes);
    new ServiceRoutes(cluster, survey, ids, new RandomNames(new SecureRandom())).addTo(routes);
    new TaskRoutes(cluster).addTo(routes);
    new LogRoutes(cluster, logs, nodes).addTo(routes);
    new TraceRoutes(cluster, new NodeQuestions(cluster, nodes, trace)).addTo(routes);
    new DoctorRoutes(cluster, nodes, doctor, host.hostname(), clock).addTo(routes);
    new ContainerRoutes(containers, engine, clock).addTo(routes);
    new ExecRoutes(containers, engine, ids).addTo(routes);
    new EndpointRoutes(cluster, ids).addTo(routes);
    new ContainerEndpointRoutes(cluster, ids).addTo(routes);
    new SwarmNetworkRoutes(cluster, ids).addTo(routes);
    routes.add(
        Doors.LOCAL,
        "GET",
        Paths.COUNTERS,
        exchange -> exchange.respond(200, new Mesh.Counters(counters.get())));
    routes.add(Doors.LOCAL, "GET", Paths.GOSSIP, this::gossip);
    routes.add(Doors.LOCAL, "GET", Paths.STATE, this::state);
  }

  private void state(Exchange exchange) {
    ClusterState now = control.state();
    exchange.respond(200, new Mesh.State(now.version(), StateCodec.digest(now)));
  }

  private void gossip(Exchange exchange) {
    Mesh.Gossip now = gossip.get();
    if (now == null) {
      throw new ApiException(503, ClusterAccess.NO_SWARM);
    }
    exchange.respond(200, now);
  }
}
