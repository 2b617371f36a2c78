package io.meshd.daemon.plugin;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.daemon.disk.DurableFiles;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.engine.EngineAnswer;
import io.meshd.daemon.http.ApiException;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The plugin as a Docker Swarm wants it: managed by the Engine, which makes a folder {@code
 * /run/docker/plugins/ID} for it and calls the socket in there. The Engine takes the folder away
 * whenever the plugin's process ends, and makes it again: so this looks whether the socket is there
 * and opens it anew. The Engine waits for it about nine seconds, also while it starts.
 */
public final class ManagedPlugin implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ManagedPlugin.class);
  private static final Duration LOOK = Duration.ofMillis(500);
  private static final Duration ABSENT = Duration.ofSeconds(2);

  /** An Engine tries for nine seconds, and starts a process. */
  private static final Duration ENABLE = Duration.ofSeconds(60);

  private static final int CALL_SECONDS = 30;
  private static final String PATH = "/plugins/" + PluginOptions.SWARM_DRIVER;

  private final Engine engine;
  private final Path folder;
  private final Path file;
  private final Supplier<PluginDoor> doors;
  private final Thread thread = Thread.ofVirtual().name("managed-plugin").unstarted(this::keep);
  private final Thread again = Thread.ofVirtual().name("plugin-again").unstarted(this::again);

  // Guarded by this.
  private @Nullable String id;
  private @Nullable PluginDoor door;
  private boolean closed;
  private String lastProblem = "";

  /** {@code id}: the Engine's, of the plugin. */
  private record Stored(@JsonProperty("id") String id) {}

  /**
   * Knows what an earlier daemon installed, and does nothing yet.
   *
   * @param folder where the Engine makes its plugins' folders
   * @param file what must outlive a restart
   * @param doors makes what answers the Engine
   */
  ManagedPlugin(Engine engine, Path folder, Path file, Supplier<PluginDoor> doors)
      throws IOException {
    this.engine = engine;
    this.folder = folder;
    this.file = file;
    this.doors = doors;
    try {
      id = Json.MAPPER.readValue(Files.readAllBytes(file), Stored.class).id();
    } catch (NoSuchFileException e) {
      // Not installed.
    }
  }

  void start() {
    thread.start();
    if (installed()) {
      again.start();
    }
  }

  /** An Engine that started while nobody answered the socket has disabled the plugin. */
  private void again() {
    String problem = "";
    while (true) {
      try {
        install();
        return;
      } catch (IOException | ApiException e) {
        // No Engine yet, most of all.
        if (!e.toString().equals(problem)) {
          problem = e.toString();
          LOG.info("the managed plugin is not enabled yet: {}", e.getMessage());
        }
      }
      try {
        Thread.sleep(ABSENT);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt(); // closed
        return;
      }
    }
  }

  synchronized boolean installed() {
    return id != null;
  }

  /**
   * Makes the plugin in the Engine, where it is not there yet, and enables it.
   *
   * @throws IOException in a sentence
   * @throws ApiException with the Engine's own words
   */
  public void install() throws IOException {
    JsonNode found = find();
    if (found == null) {
      call("POST", "/plugins/create?name=" + PluginOptions.SWARM_DRIVER, PluginArchive.make());
      found = find();
      if (found == null) {
        throw new IOException("the Docker Engine does not show the plugin that it has made");
      }
    }
    String made = found.path("Id").asText();
    if (!made.matches("[0-9a-f]{64}")) {
      throw new IOException("the Docker Engine's plugin has an ID that is none: " + made);
    }
    synchronized (this) {
      if (closed) {
        throw new IOException("this node has left its cluster, or stops");
      }
      if (!made.equals(id)) {
        shut();
        DurableFiles.write(file, Json.bytes(new Stored(made)));
        id = made;
      }
      openWhereMissing();
    }
    if (!found.path("Enabled").asBoolean()) {
      call("POST", PATH + "/enable?timeout=" + CALL_SECONDS, null);
    }
  }

  /**
   * Takes the plugin out of the Engine, also where it is gone already.
   *
   * @throws IOException in a sentence
   * @throws ApiException with the Engine's own words: networks need it
   */
  public void remove() throws IOException {
    JsonNode found = find();
    if (found != null) {
      if (found.path("Enabled").asBoolean()) {
        call("POST", PATH + "/disable", null);
      }
      call("DELETE", PATH, null);
    }
    forget();
  }

  /** Answers no more, and not after a restart either. */
  synchronized void forget() throws IOException {
    shut();
    DurableFiles.delete(file);
    if (id != null) {
      Path made = folder.resolve(id);
      id = null;
      try {
        Files.deleteIfExists(made);
      } catch (DirectoryNotEmptyException e) {
        LOG.debug("{} is not empty", made);
      }
    }
  }

  private @Nullable JsonNode find() throws IOException {
    try {
      return engine.document(PATH + "/json");
    } catch (ApiException e) {
      if (e.status() == 404) {
        return null;
      }
      throw e;
    }
  }

  private void call(String method, String path, byte @Nullable [] tar) throws IOException {
    Map<String, String> headers =
        tar == null ? Map.of() : Map.of("Content-Type", "application/x-tar");
    try (EngineAnswer answer = engine.ask(method, path, tar, headers, ENABLE)) {
      var _ = answer.json();
    }
  }

  private void keep() {
    try {
      while (true) {
        synchronized (this) {
          try {
            openWhereMissing();
            lastProblem = "";
          } catch (IOException e) {
            if (!e.toString().equals(lastProblem)) {
              lastProblem = e.toString();
              LOG.warn("a Docker Swarm's networks are not answered for: {}", e.getMessage());
            }
          }
        }
        Thread.sleep(LOOK);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private synchronized void openWhereMissing() throws IOException {
    if (id == null || closed) {
      return;
    }
    Path socket = folder.resolve(id).resolve(PluginArchive.SOCKET);
    if (door == null || !Files.exists(socket)) {
      shut();
      PluginDoor opened = doors.get();
      try {
        opened.open(socket);
      } catch (IOException e) {
        opened.close();
        throw e;
      }
      door = opened;
    }
  }

  private synchronized void shut() {
    if (door != null) {
      door.close();
      door = null;
    }
  }

  @Override
  public void close() {
    thread.interrupt();
    again.interrupt();
    synchronized (this) {
      closed = true;
      shut();
    }
  }
}
