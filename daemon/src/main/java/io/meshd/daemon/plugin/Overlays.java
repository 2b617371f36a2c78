package io.meshd.daemon.plugin;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NewestState;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which of the cluster's networks an Engine's network stands for. By the first of these that is
 * there: its pool, where that is a network's subnet ({@code --subnet}, or {@code --ipam-opt
 * mesh.network=X}); {@code -o mesh.network=X}; its own name.
 *
 * <p>Docker asks for a pool before it says anything about the network. Where only {@code -o} or the
 * name will tell, it gets a pool that stands for none ({@link #PLACEHOLDERS}), by which the network
 * is known later.
 */
final class Overlays {
  /** Class E (RFC 1112, section 4), which nobody has. */
  static final String PLACEHOLDERS = "240.";

  /** Longer than news of the cluster take, in case the network was made just now. */
  private static final Duration NEWS = Duration.ofSeconds(2);

  private final NewestState states;
  private final Bindings bindings;
  private final Engine engine;

  Overlays(NewestState states, Bindings bindings, Engine engine) {
    this.states = states;
    this.bindings = bindings;
    this.engine = engine;
  }

  /** Until there is one. */
  void awaitState() throws InterruptedException {
    while (!states.await(state -> true, NEWS)) {
      // An older daemon's containers go on meanwhile.
    }
  }

  ClusterState state() throws IOException {
    ClusterState state = states.get();
    if (state == null) {
      throw new IOException("this node does not know yet what its swarm looks like");
    }
    return state;
  }

  /**
   * @param reference name or ID
   * @throws IOException in Swarm's words
   */
  NetworkRecord named(String reference) throws IOException {
    return find(
        network -> network.id().equals(reference) || network.name().equals(reference),
        "network " + reference + " not found");
  }

  NetworkRecord withSubnet(String subnet) throws IOException {
    return find(
        network -> network.subnet().equals(subnet),
        "no network of the swarm has the subnet "
            + subnet
            + ": leave --subnet out, or give the network that subnet when it is created");
  }

  /**
   * A network of a Docker Swarm.
   *
   * @param id the Swarm's
   */
  NetworkRecord ofSwarm(String id) throws IOException {
    return find(
        network -> network.swarm() != null && network.swarm().id().equals(id),
        "meshd does not carry network "
            + id
            + ": see the log of meshd on the node whose Engine leads the Docker Swarm");
  }

  private NetworkRecord find(Predicate<NetworkRecord> wanted, String otherwise) throws IOException {
    try {
      var _ = states.await(state -> in(state, wanted) != null, NEWS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    NetworkRecord found = in(state(), wanted);
    if (found == null) {
      throw new IOException(otherwise);
    }
    return found;
  }

  private static @Nullable NetworkRecord in(ClusterState state, Predicate<NetworkRecord> wanted) {
    return state.networks().values().stream().filter(wanted).findAny().orElse(null);
  }

  /** Of a network of the Engine. */
  NetworkRecord of(BoundNetwork network) throws IOException {
    if (!network.pool().startsWith(PLACEHOLDERS)) {
      return withSubnet(network.pool());
    }
    if (network.overlay() != null) {
      return named(network.overlay());
    }
    BoundNetwork known = network.name() == null ? learned(network.id()) : network;
    if (known == null || known.name() == null) {
      throw new IOException("the Docker Engine does not say what network " + network.id() + " is");
    }
    return named(known.name());
  }

  /** Of a pool that was given out. */
  NetworkRecord ofPool(String pool) throws IOException {
    if (!pool.startsWith(PLACEHOLDERS)) {
      return withSubnet(pool);
    }
    for (int look = 0; ; look++) {
      for (BoundNetwork network : bindings.networks()) {
        if (network.pool().equals(pool)) {
          return of(network);
        }
      }
      if (look > 0) {
        throw new IOException("no network of this node has the pool " + pool);
      }
      learn();
    }
  }

  /**
   * The Engine's network, also where this node has forgotten it.
   *
   * @throws IOException when the Engine has none of that ID that is ours
   */
  BoundNetwork network(String id) throws IOException {
    BoundNetwork network = bindings.network(id);
    if (network == null) {
      network = learned(id);
    }
    if (network == null) {
      throw new IOException("network " + id + " is none of meshd's");
    }
    return network;
  }

  private @Nullable BoundNetwork learned(String id) throws IOException {
    learn();
    return bindings.network(id);
  }

  /** IDs of the Engine's networks that are ours; those that somebody made here are bound. */
  List<String> learn() throws IOException {
    List<String> ids = new ArrayList<>();
    for (JsonNode network : engine.document("/networks" + PluginOptions.ofSwarm())) {
      ids.add(network.path("Id").asText());
    }
    JsonNode all =
        engine.document("/networks" + PluginOptions.ofDrivers(List.of(PluginOptions.DRIVER)));
    for (JsonNode network : all) {
      String id = network.path("Id").asText();
      ids.add(id);
      JsonNode option = network.path("Options").path(PluginOptions.NETWORK);
      String pool = network.path("IPAM").path("Config").path(0).path("Subnet").asText("");
      bindings.put(
          new BoundNetwork(
              id,
              option.isTextual() ? option.asText() : null,
              network.path("Name").asText(),
              pool));
    }
    return ids;
  }
}
