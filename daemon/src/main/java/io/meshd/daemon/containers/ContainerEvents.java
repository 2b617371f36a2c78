package io.meshd.daemon.containers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import io.meshd.api.Json;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.engine.EngineAnswer;
import io.meshd.daemon.http.ApiException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Listens to what the Engine says of tasks' containers, as long as it takes. */
final class ContainerEvents implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ContainerEvents.class);
  private static final Duration ABSENT = Duration.ofSeconds(1);
  private static final Map<String, List<String>> WANTED =
      Map.of(
          "type", List.of("container"),
          "label", List.of(CreateRequest.LABEL),
          "event", List.of("start", "die", "destroy", "health_status"));

  private final Engine engine;
  private final Consumer<String> news;
  private final Runnable there;
  private final Thread thread = Thread.ofVirtual().name("container-events").unstarted(this::run);

  /**
   * @param news takes the ID of a task whose container is not as it was
   * @param there run whenever the Engine is there again: all may be different
   */
  ContainerEvents(Engine engine, Consumer<String> news, Runnable there) {
    this.engine = engine;
    this.news = news;
    this.there = there;
  }

  void start() {
    thread.start();
  }

  private void run() {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        long now = Instant.now().getEpochSecond();
        var _ = engine.version();
        there.run();
        listen(now);
      } catch (IOException | ApiException e) {
        LOG.debug("no events of the Docker Engine: {}", e.toString());
      }
      try {
        Thread.sleep(ABSENT);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void listen(long since) throws IOException {
    try (EngineAnswer events = engine.events(WANTED, since);
        MappingIterator<JsonNode> each =
            Json.MAPPER.readerFor(JsonNode.class).readValues(events.body())) {
      while (each.hasNextValue()) {
        JsonNode event = each.nextValue();
        news.accept(event.path("Actor").path("Attributes").path(CreateRequest.LABEL).asText());
      }
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
