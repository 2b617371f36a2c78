package io.meshd.daemon.rest;

import io.meshd.api.Checkups;
import io.meshd.api.Checkups.Checkup;
import io.meshd.api.Json;
import io.meshd.api.Paths;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Peer;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.Routes.Doors;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /mesh/v1/doctor}, answered on the leader, which asks every node to examine itself;
 * {@code GET /mesh/v1/local/doctor}, answered by any node for itself, also without a leader; and
 * {@code GET /mesh/v1/local/time}, by which nodes know of each other that they answer.
 */
final class DoctorRoutes {
  private static final String LOCAL_TIME = Paths.MESH + "/local/time";

  private static final int MOST_PADDING = 1 << 20;
  private static final String TO_WORKERS =
      "This node is not a swarm manager. Ask on a manager, or examine this node alone with"
          + " \"meshctl doctor --local\".";

  private final ClusterAccess cluster;
  private final NodeReader nodes;
  private final Supplier<@Nullable SelfExamination> here;
  private final String hostname;
  private final Clock clock;

  /** {@code here}: null while this node is in no cluster. */
  DoctorRoutes(
      ClusterAccess cluster,
      NodeReader nodes,
      Supplier<@Nullable SelfExamination> here,
      String hostname,
      Clock clock) {
    this.cluster = cluster;
    this.nodes = nodes;
    this.here = here;
    this.hostname = hostname;
    this.clock = clock;
  }

  void addTo(Routes routes) {
    cluster.add(routes, "GET", Paths.DOCTOR, this::all, TO_WORKERS);
    routes.add(Doors.LOCAL, "GET", Paths.LOCAL_DOCTOR, e -> e.respond(200, own()));
    routes.add(Doors.MANAGERS, "GET", Paths.LOCAL_DOCTOR, e -> e.respond(200, own()));
    routes.add(Doors.NODES, "GET", LOCAL_TIME, this::time);
  }

  private void time(Exchange exchange) {
    String seen = exchange.peer() instanceof Peer.Remote remote ? remote.address() : "";
    exchange.respond(200, new Checkups.Time(clock.millis(), seen, "x".repeat(padding(exchange))));
  }

  private static int padding(Exchange exchange) {
    String text = Objects.requireNonNullElse(exchange.query("padding"), "0");
    int length = text.matches("[0-9]{1,7}") ? Integer.parseInt(text) : -1;
    if (length < 0 || length > MOST_PADDING) {
      throw new ApiException(400, "padding must be 0 to " + MOST_PADDING);
    }
    return length;
  }

  private Checkup own() throws InterruptedException {
    SelfExamination examination = here.get();
    if (examination == null) {
      throw new ApiException(503, ClusterAccess.NO_SWARM);
    }
    return new Checkup(List.of(hostname), examination.examine(this::timeOf));
  }

  private Checkups.Time timeOf(NodeRecord node, int padding)
      throws IOException, InterruptedException {
    try (InputStream answer = nodes.get(node, LOCAL_TIME + "?padding=" + padding)) {
      return Json.MAPPER.readValue(answer, Checkups.Time.class);
    }
  }

  private void all(Exchange exchange, Proposer proposer) throws InterruptedException {
    ClusterState state = proposer.state();
    String self = cluster.control().membership().nodeId();
    exchange.respond(
        200, new ClusterCheckup(state, self, this::timeOf, this::checkupOf, clock).run());
  }

  private Checkup checkupOf(NodeRecord node) throws IOException, InterruptedException {
    if (node.id().equals(cluster.control().membership().nodeId())) {
      return own();
    }
    try (InputStream answer = nodes.get(node, Paths.LOCAL_DOCTOR)) {
      return Json.MAPPER.readValue(answer, Checkup.class);
    }
  }
}
