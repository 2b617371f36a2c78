package io.meshd.daemon.plugin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.meshd.api.Json;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.engine.EngineAnswer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.plugin.ContainerNames.Shown;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what is known of the Engine's containers as the Engine has it: whenever it says that
 * something changed, when it is there again, and from time to time. Without an Engine nothing is
 * done: its containers may still run.
 */
final class EngineWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EngineWatch.class);
  private static final Duration ABSENT = Duration.ofSeconds(1);
  private static final Duration IDLE = Duration.ofSeconds(30);
  private static final Map<String, List<String>> EVENTS =
      Map.of(
          "type", List.of("network", "container"),
          "event", List.of("connect", "disconnect", "rename", "destroy"));

  private final Engine engine;
  private final Bindings bindings;
  private final Overlays overlays;
  private final Leftovers leftovers;
  private final ContainerNames names;
  private final Thread listening = Thread.ofVirtual().name("engine-events").unstarted(this::listen);
  private final Thread looking = Thread.ofVirtual().name("engine-look").unstarted(this::look);

  // Guarded by this.
  private boolean wanted;
  private boolean there;

  private String lastProblem = "";

  EngineWatch(
      Engine engine,
      Bindings bindings,
      Overlays overlays,
      Leftovers leftovers,
      ClusterCalls cluster) {
    this.engine = engine;
    this.bindings = bindings;
    this.overlays = overlays;
    this.leftovers = leftovers;
    this.names = new ContainerNames(engine, cluster, this::soon);
  }

  void start() {
    listening.start();
    looking.start();
  }

  private synchronized void soon() {
    wanted = true;
    notifyAll();
  }

  private void listen() {
    while (!Thread.currentThread().isInterrupted()) {
      long now = Instant.now().getEpochSecond();
      try {
        var _ = engine.version();
        present(true);
        listen(now);
      } catch (IOException | ApiException e) {
        LOG.debug("no events of the Docker Engine: {}", e.toString());
      }
      present(false);
      try {
        Thread.sleep(ABSENT);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void listen(long since) throws IOException {
    try (EngineAnswer events = engine.events(EVENTS, since);
        MappingIterator<JsonNode> each =
            Json.MAPPER.readerFor(JsonNode.class).readValues(events.body())) {
      while (each.hasNextValue()) {
        each.nextValue();
        soon();
      }
    }
  }

  private synchronized void present(boolean now) {
    if (now && !there) {
      LOG.info("the Docker Engine is there");
    }
    there = now;
    wanted |= now;
    notifyAll();
  }

  private void look() {
    try {
      while (true) {
        await();
        overlays.awaitState();
        try {
          compare();
          lastProblem = "";
        } catch (IOException | RuntimeException e) {
          if (!e.toString().equals(lastProblem)) {
            lastProblem = e.toString();
            LOG.warn("the Docker Engine's networks are not as they should be: {}", e.getMessage());
          }
          Thread.sleep(ABSENT);
          soon();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  /** Until there is an Engine and something to look at, or the time is up. */
  private synchronized void await() throws InterruptedException {
    long until = System.nanoTime() + IDLE.toNanos();
    while (!there || !wanted) {
      long left = until - System.nanoTime();
      if (there && left <= 0) {
        break;
      }
      TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, ABSENT.toNanos()));
    }
    wanted = false;
  }

  private void compare() throws IOException {
    List<BoundEndpoint> known = bindings.endpoints();
    Set<String> all = new HashSet<>();
    Map<String, Shown> shown = new HashMap<>();
    for (String id : overlays.learn()) {
      containersOn(id)
          .properties()
          .forEach(
              entry -> {
                String endpoint = entry.getValue().path("EndpointID").asText();
                all.add(endpoint);
                // libnetwork's key of an endpoint that no container has: ep- and its ID.
                if (!entry.getKey().startsWith("ep-")) {
                  shown.put(
                      endpoint, new Shown(entry.getKey(), entry.getValue().path("Name").asText()));
                }
              });
    }
    names.tell(known, shown, overlays.state());
    leftovers.remove(known, all);
  }

  /** None where the network has gone meanwhile. */
  private JsonNode containersOn(String network) throws IOException {
    try {
      return engine.document("/networks/" + network).path("Containers");
    } catch (ApiException e) {
      if (e.status() == 404) {
        return MissingNode.getInstance();
      }
      throw e;
    }
  }

  @Override
  public void close() {
    listening.interrupt();
    looking.interrupt();
  }
}
