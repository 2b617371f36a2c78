package io.meshd.daemon.rest;

import io.meshd.api.Json;
import io.meshd.daemon.control.SwarmControl;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.engine.EngineAnswer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.Routes.Doors;
import io.meshd.daemon.rest.ClusterEvents.Event;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * {@code /events}: the cluster's changes, on managers as Docker has it, and the Engine's events
 * between them, each as it comes. A document a line.
 */
final class EventRoutes {
  /** Those that only an Engine's events can hold. */
  private static final Set<String> ENGINES =
      Set.of("container", "image", "volume", "daemon", "plugin", "secret", "config");

  private static final Set<String> FILTERS =
      Set.of(
          "container",
          "image",
          "volume",
          "daemon",
          "plugin",
          "secret",
          "config",
          "type",
          "event",
          "scope",
          "label",
          "service",
          "node",
          "network");

  /** Events that a reader may be behind; one that is further ends. */
  private static final int MAX_WAITING = 4096;

  private final SwarmControl control;
  private final ClusterEvents events;
  private final Engine engine;
  private final Clock clock;

  EventRoutes(SwarmControl control, ClusterEvents events, Engine engine, Clock clock) {
    this.control = control;
    this.events = events;
    this.engine = engine;
    this.clock = clock;
  }

  void addTo(Routes routes) {
    routes.add(Doors.LOCAL, "GET", "/events", this::stream);
  }

  private void stream(Exchange exchange) throws IOException, InterruptedException {
    Filters filters = Filters.of(exchange, FILTERS);
    Instant since = time(exchange, "since");
    Instant until = time(exchange, "until");
    Lines lines = new Lines(exchange.stream(200, "application/json"));
    Thread reader = Thread.currentThread();
    Thread other = Thread.ofVirtual().name("engine-events").unstarted(() -> copy(exchange, lines));
    exchange.onGone(
        () -> {
          reader.interrupt();
          other.interrupt();
        });
    other.start();
    own(filters, since, until, lines);
    other.join();
  }

  /** The Engine answers with the first event only, so this is not waited for. */
  private void copy(Exchange exchange, Lines lines) {
    try (EngineAnswer engines = engine.stream(exchange);
        BufferedReader in =
            new BufferedReader(new InputStreamReader(engines.body(), StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null && engines.ok(); line = in.readLine()) {
        lines.write(line.getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException _) {
      // There is none, or it has ended, or the client: ours go on, or end by themselves.
    }
  }

  private void own(Filters filters, @Nullable Instant since, @Nullable Instant until, Lines lines)
      throws IOException, InterruptedException {
    boolean manager = control.membership().manager();
    BlockingQueue<Event> waiting = new ArrayBlockingQueue<>(MAX_WAITING);
    Thread reader = Thread.currentThread();
    Consumer<Event> listener =
        event -> {
          if (!waiting.offer(event)) {
            reader.interrupt();
          }
        };
    try {
      for (Event event : events.subscribe(listener)) {
        if (manager
            && since != null
            && !event.time().isBefore(since)
            && in(event, until, filters)) {
          lines.write(line(event));
        }
      }
      while (until == null || Instant.now(clock).isBefore(until)) {
        Event event =
            waiting.poll(
                until == null
                    ? Long.MAX_VALUE
                    : Math.max(1, Duration.between(Instant.now(clock), until).toMillis()),
                TimeUnit.MILLISECONDS);
        if (manager && event != null && in(event, until, filters)) {
          lines.write(line(event));
        }
      }
    } finally {
      events.unsubscribe(listener);
    }
  }

  private static boolean in(Event event, @Nullable Instant until, Filters filters) {
    return (until == null || !event.time().isAfter(until))
        && ENGINES.stream().allMatch(key -> filters.get(key).isEmpty())
        && filters.any("type", event.type()::equals)
        && filters.any("event", event.action()::equals)
        && filters.any("scope", "swarm"::equals)
        && filters.labels("label", event.attributes())
        && about(event, "service", filters)
        && about(event, "node", filters)
        && about(event, "network", filters);
  }

  private static boolean about(Event event, String noun, Filters filters) {
    return filters.any(
        noun,
        reference ->
            event.type().equals(noun)
                && (event.id().startsWith(reference)
                    || reference.equals(event.attributes().get("name"))));
  }

  private static byte[] line(Event event) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("Type", event.type());
    document.put("Action", event.action());
    document.put("Actor", Map.of("ID", event.id(), "Attributes", event.attributes()));
    document.put("scope", "swarm");
    document.put("time", event.time().getEpochSecond());
    document.put("timeNano", ChronoUnit.NANOS.between(Instant.EPOCH, event.time()));
    return Json.bytes(document);
  }

  /** Seconds since 1970, with a fraction or without, as Docker's CLI sends it. */
  private static @Nullable Instant time(Exchange exchange, String name) {
    String text = exchange.query(name);
    if (text == null || text.isEmpty() || text.equals("0")) {
      return null;
    }
    if (!text.matches("[0-9]{1,12}(\\.[0-9]{1,9})?")) {
      throw new ApiException(400, "invalid %s '%s': seconds since 1970".formatted(name, text));
    }
    BigDecimal seconds = new BigDecimal(text);
    return Instant.ofEpochSecond(
        seconds.longValue(), seconds.remainder(BigDecimal.ONE).movePointRight(9).longValue());
  }

  /** Of two writers. */
  private static final class Lines {
    private final OutputStream out;
    private final ReentrantLock writing = new ReentrantLock();

    Lines(OutputStream out) {
      this.out = out;
    }

    void write(byte[] document) throws IOException {
      byte[] line = java.util.Arrays.copyOf(document, document.length + 1);
      line[document.length] = '\n';
      writing.lock();
      try {
        out.write(line);
      } finally {
        writing.unlock();
      }
    }
  }
}
