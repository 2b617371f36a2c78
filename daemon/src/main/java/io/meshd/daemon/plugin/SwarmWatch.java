package io.meshd.daemon.plugin;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Mesh;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.SwarmNetwork;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows a Docker Swarm's services, on the node whose Engine leads that Swarm: which virtual IPs
 * they have on its networks and which of their tasks run. It is asked again and again, since an
 * Engine has no events of tasks. What has changed is told the cluster; networks that the Swarm has
 * no more are removed.
 */
final class SwarmWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SwarmWatch.class);
  private static final String RUNNING = "running";
  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final Duration ELSEWHERE = Duration.ofSeconds(3);

  private final Engine engine;
  private final Overlays overlays;
  private final ClusterCalls cluster;
  private final BooleanSupplier wanted;
  private final Thread thread = Thread.ofVirtual().name("swarm-watch").unstarted(this::run);

  /**
   * Networks that were not there at the last look. An Engine whose Swarm loses its leader just then
   * leaves them all out, and does not say so.
   */
  private final Set<String> missing = new HashSet<>();

  private String lastProblem = "";

  /** {@code wanted}: whether this node's Engine has the managed plugin. */
  SwarmWatch(Engine engine, Overlays overlays, ClusterCalls cluster, BooleanSupplier wanted) {
    this.engine = engine;
    this.overlays = overlays;
    this.cluster = cluster;
    this.wanted = wanted;
  }

  void start() {
    thread.start();
  }

  private void run() {
    try {
      while (true) {
        Duration pause = ELSEWHERE;
        try {
          if (wanted.getAsBoolean() && leads()) {
            pause = PAUSE;
            look();
          }
          lastProblem = "";
        } catch (IOException | RuntimeException e) {
          // Also while dockerd is away, or its Swarm has no leader.
          if (!e.toString().equals(lastProblem)) {
            lastProblem = e.toString();
            LOG.info("the Docker Swarm is not followed: {}", e.getMessage());
          }
        }
        Thread.sleep(pause);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private boolean leads() throws IOException {
    JsonNode swarm = engine.document("/info").path("Swarm");
    return swarm.path("ControlAvailable").asBoolean()
        && engine
            .document("/nodes/" + swarm.path("NodeID").asText())
            .path("ManagerStatus")
            .path("Leader")
            .asBoolean();
  }

  private void look() throws IOException {
    // The state first: the Swarm has a network before it is adopted.
    ClusterState state = overlays.state();
    Map<String, NetworkRecord> adopted = new TreeMap<>();
    for (NetworkRecord network : state.networks().values()) {
      if (network.swarm() != null) {
        adopted.put(network.swarm().id(), network);
      }
    }
    missing.retainAll(adopted.keySet());
    if (adopted.isEmpty()) {
      return;
    }
    Set<String> there = new HashSet<>();
    for (JsonNode network : engine.document("/networks" + PluginOptions.ofSwarm())) {
      there.add(network.path("Id").asText());
    }
    Map<String, List<SwarmNetwork.Service>> services = services(adopted.keySet());
    IOException problem = null;
    for (NetworkRecord network : adopted.values()) {
      SwarmNetwork swarm = network.swarm();
      if (swarm == null) {
        continue;
      }
      try {
        if (!there.contains(swarm.id())) {
          if (!missing.add(swarm.id())) {
            cluster.drop(swarm.id());
          }
        } else {
          missing.remove(swarm.id());
          follow(swarm, services.getOrDefault(swarm.id(), List.of()));
        }
      } catch (IOException e) {
        problem = e;
      }
    }
    if (problem != null) {
      throw problem;
    }
  }

  private void follow(SwarmNetwork before, List<SwarmNetwork.Service> now) throws IOException {
    if (!before.services().equals(now)) {
      cluster.follow(
          before.id(),
          now.stream()
              .map(
                  s ->
                      new Mesh.SwarmService(
                          s.id(), s.name(), s.virtualIp(), s.backends(), s.draining()))
              .toList());
    }
  }

  /** By network, in the order of their IDs. */
  private Map<String, List<SwarmNetwork.Service>> services(Set<String> networks)
      throws IOException {
    Map<String, JsonNode> all = new TreeMap<>();
    for (JsonNode service : engine.document("/services")) {
      for (JsonNode vip : service.path("Endpoint").path("VirtualIPs")) {
        if (networks.contains(vip.path("NetworkID").asText())) {
          all.put(service.path("ID").asText(), service);
        }
      }
    }
    if (all.isEmpty()) {
      return Map.of();
    }
    Running running = running(all.keySet());
    Map<String, List<SwarmNetwork.Service>> found = new HashMap<>();
    all.forEach(
        (id, service) -> {
          for (JsonNode vip : service.path("Endpoint").path("VirtualIPs")) {
            String network = vip.path("NetworkID").asText();
            if (networks.contains(network) && !vip.path("Addr").asText().isEmpty()) {
              found
                  .computeIfAbsent(network, n -> new ArrayList<>())
                  .add(
                      new SwarmNetwork.Service(
                          id,
                          service.path("Spec").path("Name").asText(),
                          Addresses.withoutPrefix(vip.path("Addr").asText()),
                          of(running.staying(), key(id, network)),
                          of(running.ending(), key(id, network))));
            }
          }
        });
    return found;
  }

  /** Addresses of tasks that run, by service and network, sorted: whether they are to go on. */
  private record Running(Map<String, Set<String>> staying, Map<String, Set<String>> ending) {}

  private Running running(Set<String> services) throws IOException {
    Running found = new Running(new HashMap<>(), new HashMap<>());
    for (JsonNode task :
        engine.document("/tasks?filters=" + Engine.query(Map.of("service", services)))) {
      if (!task.path("Status").path("State").asText().equals(RUNNING)) {
        continue;
      }
      boolean stays = task.path("DesiredState").asText().equals(RUNNING);
      for (JsonNode attachment : task.path("NetworksAttachments")) {
        String key =
            key(task.path("ServiceID").asText(), attachment.path("Network").path("ID").asText());
        for (JsonNode address : attachment.path("Addresses")) {
          (stays ? found.staying() : found.ending())
              .computeIfAbsent(key, k -> new TreeSet<>())
              .add(Addresses.withoutPrefix(address.asText()));
        }
      }
    }
    return found;
  }

  private static List<String> of(Map<String, Set<String>> addresses, String key) {
    return List.copyOf(addresses.getOrDefault(key, Set.of()));
  }

  private static String key(String service, String network) {
    return service + "/" + network;
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
