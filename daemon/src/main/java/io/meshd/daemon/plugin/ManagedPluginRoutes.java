package io.meshd.daemon.plugin;

import io.meshd.api.Paths;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import java.io.IOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code meshctl plugin}: the managed plugin of this node's Engine. */
public final class ManagedPluginRoutes {
  private final Supplier<@Nullable ManagedPlugin> plugin;

  /** {@code plugin}: null while this node is in no cluster. */
  public ManagedPluginRoutes(Supplier<@Nullable ManagedPlugin> plugin) {
    this.plugin = plugin;
  }

  /** Work that says in words why it cannot be done. */
  @FunctionalInterface
  private interface Work {
    void with(ManagedPlugin plugin) throws IOException;
  }

  public void addTo(Routes routes) {
    routes.add(
        Routes.Doors.LOCAL,
        "POST",
        Paths.ENGINE_PLUGIN,
        exchange -> run(exchange, ManagedPlugin::install));
    routes.add(
        Routes.Doors.LOCAL,
        "DELETE",
        Paths.ENGINE_PLUGIN,
        exchange -> run(exchange, ManagedPlugin::remove));
  }

  private void run(Exchange exchange, Work work) {
    ManagedPlugin now = plugin.get();
    if (now == null) {
      throw new ApiException(
          503, "This node is not part of a swarm of meshd: init or join one before");
    }
    try {
      work.with(now);
    } catch (IOException e) {
      throw new ApiException(500, String.valueOf(e.getMessage()));
    }
    exchange.respond(204, null);
  }
}
