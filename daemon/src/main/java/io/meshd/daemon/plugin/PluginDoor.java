package io.meshd.daemon.plugin;

import io.meshd.daemon.disk.DurableFiles;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.ApiServer;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.linux.Problems;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A socket on which Docker asks a plugin: each call a {@code POST /TYPE.METHOD} with JSON in and
 * out, a refusal a sentence under {@code Err} (networks) and {@code Error} (addresses).
 */
final class PluginDoor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PluginDoor.class);
  private static final Map<String, Object> DONE = Map.of();

  private final ApiServer server =
      new ApiServer(new ApiServer.Settings(Map.of(), "1.0", "1.99", Duration.ofMinutes(5)));

  /** A call's work. */
  @FunctionalInterface
  interface Call<T> {
    Object answer(T request) throws IOException, InterruptedException;
  }

  static Object done(Problems.Step step) throws IOException {
    step.run();
    return DONE;
  }

  /** A call that is always answered with the same. */
  void add(String method, Map<String, ?> always) {
    server
        .routes()
        .add(Routes.Doors.LOCAL, "POST", "/" + method, exchange -> exchange.respond(200, always));
  }

  /** Calls of which nothing is to be known. */
  void ignore(String... methods) {
    for (String method : methods) {
      add(method, DONE);
    }
  }

  <T> void add(String method, Class<T> type, Call<T> call) {
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

  /**
   * Answers. The socket's folder is made where Docker has not made it yet.
   *
   * @throws IOException in one sentence
   */
  void open(Path socket) throws IOException {
    DurableFiles.createFolder(Objects.requireNonNull(socket.getParent()));
    server.openUnix(socket);
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      LOG.warn("the plugin's socket was not closed in order: {}", e.getMessage());
    }
  }
}
