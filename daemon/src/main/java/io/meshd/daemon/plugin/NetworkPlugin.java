package io.meshd.daemon.plugin;

import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.linux.LinuxException;
import io.meshd.daemon.linux.Problems;
import io.meshd.daemon.reconcile.ContainerTaps;
import io.meshd.daemon.state.NewestState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The plugin as Docker sees it: networks and addresses, and the networks of a Docker Swarm. */
public final class NetworkPlugin implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NetworkPlugin.class);

  private final Path socket;
  private final PluginDoor door = new PluginDoor();
  private final Bindings bindings;
  private final Addresses addresses;
  private final Endpoints endpoints;
  private final EngineWatch watch;
  private final ContainerTaps taps;
  private final ManagedPlugin managed;
  private final SwarmWatch swarm;

  /**
   * Where things are.
   *
   * @param plugin the socket to serve, in the folder where Docker looks for plugins
   * @param engine the Docker Engine's
   * @param api this daemon's own
   * @param file what must outlive a restart
   * @param managed what must outlive a restart of the plugin that the Engine manages
   */
  public record Places(Path plugin, Path engine, Path api, Path file, Path managed) {}

  /**
   * Knows what an earlier daemon wrote down, and does nothing yet.
   *
   * @param states what this node knows of the cluster
   * @param served by whose tables it forwards
   */
  public NetworkPlugin(
      String nodeId, Places places, NewestState states, NewestState served, ContainerTaps taps)
      throws IOException {
    this.socket = places.plugin();
    this.taps = taps;
    Engine engine = new Engine(places.engine(), places.api());
    ClusterCalls cluster = new ClusterCalls(places.api());
    bindings = new Bindings(places.file());
    Overlays overlays = new Overlays(states, bindings, engine);
    addresses = new Addresses(nodeId, overlays, bindings, cluster);
    endpoints = new Endpoints(bindings, overlays, addresses, taps, served);
    Leftovers leftovers = new Leftovers(bindings, overlays, addresses, endpoints, cluster, taps);
    watch = new EngineWatch(engine, bindings, overlays, leftovers, cluster);
    SwarmDriver driver = new SwarmDriver(endpoints, bindings, overlays, cluster, engine);
    managed =
        new ManagedPlugin(
            engine,
            Objects.requireNonNull(places.plugin().getParent()),
            places.managed(),
            driver::door);
    swarm = new SwarmWatch(engine, overlays, cluster, managed::installed);
    addRoutes();
  }

  private void addRoutes() {
    door.add("Plugin.Activate", Map.of("Implements", List.of("NetworkDriver", "IpamDriver")));
    door.add(
        "NetworkDriver.GetCapabilities", Map.of("Scope", "local", "ConnectivityScope", "global"));
    door.add(
        "IpamDriver.GetCapabilities",
        Map.of("RequiresMACAddress", false, "RequiresRequestReplay", false));
    door.add(
        "IpamDriver.GetDefaultAddressSpaces",
        Map.of(
            "LocalDefaultAddressSpace", Addresses.SPACE,
            "GlobalDefaultAddressSpace", Addresses.SPACE));
    door.add("IpamDriver.RequestPool", Messages.PoolRequest.class, addresses::requestPool);
    door.ignore("IpamDriver.ReleasePool");
    door.add("IpamDriver.RequestAddress", Messages.AddressRequest.class, addresses::request);
    door.add(
        "IpamDriver.ReleaseAddress",
        Messages.AddressRequest.class,
        request -> PluginDoor.done(() -> addresses.release(request)));
    door.add(
        "NetworkDriver.CreateNetwork",
        Messages.NetworkRequest.class,
        request -> PluginDoor.done(() -> endpoints.createNetwork(request)));
    door.add(
        "NetworkDriver.DeleteNetwork",
        Messages.Reference.class,
        request -> PluginDoor.done(() -> endpoints.deleteNetwork(request)));
    door.add("NetworkDriver.CreateEndpoint", Messages.EndpointRequest.class, endpoints::create);
    door.add("NetworkDriver.EndpointOperInfo", Messages.Reference.class, endpoints::info);
    door.add("NetworkDriver.Join", Messages.JoinRequest.class, endpoints::join);
    door.add(
        "NetworkDriver.Leave",
        Messages.Reference.class,
        request -> PluginDoor.done(() -> endpoints.leave(request)));
    door.add(
        "NetworkDriver.DeleteEndpoint",
        Messages.Reference.class,
        request -> PluginDoor.done(() -> endpoints.delete(request)));
    door.ignore(
        "NetworkDriver.AllocateNetwork",
        "NetworkDriver.FreeNetwork",
        "NetworkDriver.DiscoverNew",
        "NetworkDriver.DiscoverDelete",
        "NetworkDriver.ProgramExternalConnectivity",
        "NetworkDriver.RevokeExternalConnectivity");
  }

  /** Takes up what earlier containers have, then answers Docker. */
  public void start() {
    try {
      endpoints.takeAgain();
    } catch (IOException e) {
      LOG.warn("not all containers are on their networks again: {}", e.getMessage());
    }
    try {
      door.open(socket);
    } catch (IOException e) {
      LOG.warn("containers have no networks of this swarm: {}", e.getMessage());
    }
    watch.start();
    managed.start();
    swarm.start();
  }

  /** For networks of a Docker Swarm. */
  public ManagedPlugin managed() {
    return managed;
  }

  /** For a node that left its cluster: containers lose their interfaces on its networks. */
  public void leave() throws LinuxException {
    close();
    Problems problems = new Problems();
    for (BoundEndpoint endpoint : bindings.endpoints()) {
      problems.attempt(() -> taps.remove(endpoint.port(), endpoint.device()));
    }
    problems.attempt(bindings::forget);
    problems.attempt(managed::forget);
    problems.throwIfAny();
  }

  /** Answers no more; containers and their interfaces stay. */
  @Override
  public void close() {
    watch.close();
    swarm.close();
    managed.close();
    door.close();
  }
}
