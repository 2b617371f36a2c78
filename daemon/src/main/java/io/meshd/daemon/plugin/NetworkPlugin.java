package io.meshd.daemon.plugin;

import io.meshd.daemon.disk.DurableFiles;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.ApiServer;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.linux.LinuxException;
import io.meshd.daemon.linux.Problems;
import io.meshd.daemon.reconcile.ContainerTaps;
import io.meshd.daemon.state.NewestState;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The plugin as Docker sees it: each call a {@code POST /TYPE.METHOD} with JSON in and out, a
 * refusal a sentence under {@code Err} (networks) and {@code Error} (addresses).
 */
public final class NetworkPlugin implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NetworkPlugin.class);
  private static final Map<String, Object> DONE = Map.of();

  private final Path socket;
  private final ApiServer server =
      new ApiServer(new ApiServer.Settings(Map.of(), "1.0", "1.99", Duration.ofMinutes(5)));
  private final Bindings bindings;
  private final Addresses addresses;
  private final Endpoints endpoints;
  private final EngineWatch watch;
  private final ContainerTaps taps;

  /**
   * Where things are.
   *
   * @param plugin the socket to serve, in the folder where Docker looks for plugins
   * @param engine the Docker Engine's
   * @param api this daemon's own
   * @param file what must outlive a restart
   */
  public record Places(Path plugin, Path engine, Path api, Path file) {}

  /** A call's work. */
  @FunctionalInterface
  private interface Call<T> {
    Object answer(T request) throws IOException, InterruptedException;
  }

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
    addRoutes();
  }

  private void addRoutes() {
    add("Plugin.Activate", Map.of("Implements", List.of("NetworkDriver", "IpamDriver")));
    add("NetworkDriver.GetCapabilities", Map.of("Scope", "local", "ConnectivityScope", "global"));
    add(
        "IpamDriver.GetCapabilities",
        Map.of("RequiresMACAddress", false, "RequiresRequestReplay", false));
    add(
        "IpamDriver.GetDefaultAddressSpaces",
        Map.of(
            "LocalDefaultAddressSpace", Addresses.SPACE,
            "GlobalDefaultAddressSpace", Addresses.SPACE));
    add("IpamDriver.RequestPool", Messages.PoolRequest.class, addresses::requestPool);
    add("IpamDriver.ReleasePool", DONE);
    add("IpamDriver.RequestAddress", Messages.AddressRequest.class, addresses::request);
    add(
        "IpamDriver.ReleaseAddress",
        Messages.AddressRequest.class,
        request -> done(() -> addresses.release(request)));
    add(
        "NetworkDriver.CreateNetwork",
        Messages.NetworkRequest.class,
        request -> done(() -> endpoints.createNetwork(request)));
    add(
        "NetworkDriver.DeleteNetwork",
        Messages.Reference.class,
        request -> done(() -> endpoints.deleteNetwork(request)));
    add("NetworkDriver.CreateEndpoint", Messages.EndpointRequest.class, endpoints::create);
    add("NetworkDriver.EndpointOperInfo", Messages.Reference.class, endpoints::info);
    add("NetworkDriver.Join", Messages.JoinRequest.class, endpoints::join);
    add(
        "NetworkDriver.Leave",
        Messages.Reference.class,
        request -> done(() -> endpoints.leave(request)));
    add(
        "NetworkDriver.DeleteEndpoint",
        Messages.Reference.class,
        request -> done(() -> endpoints.delete(request)));
    for (String nothing :
        List.of(
            "AllocateNetwork",
            "FreeNetwork",
            "DiscoverNew",
            "DiscoverDelete",
            "ProgramExternalConnectivity",
            "RevokeExternalConnectivity")) {
      add("NetworkDriver." + nothing, DONE);
    }
  }

  private static Object done(Problems.Step step) throws IOException {
    step.run();
    return DONE;
  }

  private void add(String method, Map<String, ?> always) {
    server
        .routes()
        .add(Routes.Doors.LOCAL, "POST", "/" + method, exchange -> exchange.respond(200, always));
  }

  private <T> void add(String method, Class<T> type, Call<T> call) {
    server
        .routes()
        .add(
            Routes.Doors.LOCAL,
            "POST",
            "/" + method,
            exchange -> exchange.respond(200, answer(method, type, call, exchange)));
  }

  private static <T> Object answer(String method, Class<T> type, Call<T> call, Exchange exchange)
      throws InterruptedException {
    try {
      return call.answer(exchange.json(type));
    } catch (IOException | ApiException e) {
      LOG.info("{} refused: {}", method, e.getMessage());
      return refusal(e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("{} failed", method, e);
      return refusal("internal error, see the log of meshd");
    }
  }

  private static Map<String, String> refusal(@Nullable String text) {
    String said = text == null ? "input or output failed" : text;
    return Map.of("Err", said, "Error", said);
  }

  /** Takes up what earlier containers have, then answers Docker. */
  public void start() {
    try {
      endpoints.takeAgain();
    } catch (IOException e) {
      LOG.warn("not all containers are on their networks again: {}", e.getMessage());
    }
    try {
      // As Docker makes it, which may come later.
      DurableFiles.createFolder(Objects.requireNonNull(socket.getParent()));
      server.openUnix(socket);
    } catch (IOException e) {
      LOG.warn("containers have no networks of this swarm: {}", e.getMessage());
    }
    watch.start();
  }

  /** For a node that left its cluster: containers lose their interfaces on its networks. */
  public void leave() throws LinuxException {
    close();
    Problems problems = new Problems();
    for (BoundEndpoint endpoint : bindings.endpoints()) {
      problems.attempt(() -> taps.remove(endpoint.port(), endpoint.device()));
    }
    problems.attempt(bindings::forget);
    problems.throwIfAny();
  }

  /** Answers no more; containers and their interfaces stay. */
  @Override
  public void close() {
    watch.close();
    try {
      server.close();
    } catch (IOException e) {
      LOG.warn("the plugin's socket was not closed in order: {}", e.getMessage());
    }
  }
}
