package io.meshd.daemon.containers;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.tasks.DesiredContainer;
import io.meshd.daemon.tasks.DesiredTask;
import io.meshd.daemon.tasks.HostPort;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The Engine's containers that are tasks. Every call blocks; a {@link RefusedException} is the
 * Engine's last word, any other error means that it may be asked again.
 */
final class EngineContainers {
  private static final Duration BESIDE_GRACE = Duration.ofSeconds(30);

  private final EngineCalls calls;
  private final EngineNetworks networks;
  private final EngineImages images;
  private final Function<String, @Nullable String> registryAuth;

  /** {@code registryAuth}: what the image of a task is pulled with, by the task's ID. */
  EngineContainers(Engine engine, Function<String, @Nullable String> registryAuth) {
    this.registryAuth = registryAuth;
    this.calls = new EngineCalls(engine);
    this.networks = new EngineNetworks(calls);
    this.images = new EngineImages(calls);
  }

  /**
   * What the Engine says of one.
   *
   * @param imageId sha256:...
   * @param status created, running, paused, restarting, removing, exited, dead
   * @param error why it could not be started, or empty
   * @param health starting, healthy, unhealthy; empty where nobody looks after it
   * @param ports of the node that lead to it
   */
  record Seen(
      String imageId,
      String status,
      int pid,
      int exitCode,
      String error,
      String health,
      List<HostPort> ports) {
    boolean runs() {
      return pid > 0
          && (status.equals("running") || status.equals("paused") || status.equals("restarting"));
    }

    boolean fresh() {
      return status.equals("created");
    }
  }

  /**
   * Makes the task's container, with all that it needs; what is left of an earlier try goes.
   *
   * @return its ID
   */
  String create(DesiredTask task) throws IOException {
    DesiredContainer container = Objects.requireNonNull(task.container());
    images.ensure(container.image(), registryAuth.apply(task.id()));
    List<String> names = new ArrayList<>();
    for (DesiredContainer.Network network : container.networks()) {
      names.add(networks.ensure(network));
    }
    for (Map.Entry<String, String> earlier : all().entrySet()) {
      if (earlier.getValue().equals(task.id())) {
        remove(earlier.getKey());
      }
    }
    CreateRequest request = new CreateRequest(task, container);
    String id =
        calls
            .post(
                "/containers/create?name=" + EngineCalls.encoded(task.name()),
                request.body(names.isEmpty() ? null : names.getFirst()))
            .path("Id")
            .asText();
    for (int i = 1; i < names.size(); i++) {
      var _ =
          calls.post(
              "/networks/" + EngineCalls.encoded(names.get(i)) + "/connect",
              Map.of("Container", id, "EndpointConfig", request.endpoint(i)));
    }
    return id;
  }

  void start(String id) throws IOException {
    var _ = calls.post("/containers/" + id + "/start", null);
  }

  /** Its stop signal, the grace, SIGKILL; returns when it has ended. */
  void stop(String id, Duration grace) throws IOException {
    long seconds = (grace.toMillis() + 999) / 1000;
    try {
      var _ =
          calls.post("/containers/" + id + "/stop?t=" + seconds, null, grace.plus(BESIDE_GRACE));
    } catch (RefusedException e) {
      if (!e.notFound()) {
        throw e;
      }
    }
  }

  /** Null where there is none. */
  @Nullable Seen inspect(String id) throws IOException {
    JsonNode there;
    try {
      there = calls.get("/containers/" + id + "/json");
    } catch (RefusedException e) {
      if (e.notFound()) {
        return null;
      }
      throw e;
    }
    JsonNode state = there.path("State");
    String health = state.path("Health").path("Status").asText("");
    return new Seen(
        there.path("Image").asText(),
        state.path("Status").asText(),
        state.path("Pid").asInt(),
        state.path("ExitCode").asInt(),
        state.path("Error").asText(""),
        health.equals("none") ? "" : health,
        ports(there.path("NetworkSettings").path("Ports")));
  }

  /** {@code {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "32768"}, ...]}}, IPv4's alone. */
  private static List<HostPort> ports(JsonNode all) {
    List<HostPort> ports = new ArrayList<>();
    all.properties()
        .forEach(
            entry -> {
              String[] target = entry.getKey().split("/", 2);
              for (JsonNode binding : entry.getValue()) {
                String ip = binding.path("HostIp").asText();
                if (!ip.contains(":")) {
                  ports.add(
                      new HostPort(
                          target[1],
                          ip.isEmpty() || ip.equals("0.0.0.0") ? null : ip,
                          binding.path("HostPort").asInt(),
                          Integer.parseInt(target[0])));
                }
              }
            });
    return ports;
  }

  /** With its anonymous volumes, whatever it does. */
  void remove(String id) throws IOException {
    try {
      calls.delete("/containers/" + id + "?force=true&v=true");
    } catch (RefusedException e) {
      if (!e.notFound()) {
        throw e;
      }
    }
  }

  /** All that this runtime has made, ended ones too: container to task. */
  Map<String, String> all() throws IOException {
    Map<String, String> all = new LinkedHashMap<>();
    String query =
        "/containers/json?all=true&filters="
            + Engine.query(Map.of("label", List.of(CreateRequest.LABEL)));
    for (JsonNode container : calls.get(query)) {
      all.put(
          container.path("Id").asText(),
          container.path("Labels").path(CreateRequest.LABEL).asText());
    }
    return all;
  }

  EngineNetworks networks() {
    return networks;
  }
}
