package io.meshd.daemon.rest;

import io.meshd.api.Paths;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import java.util.Objects;

/** {@code GET /mesh/v1/trace}, answered on the leader, which asks the nodes concerned. */
final class TraceRoutes {
  private final ClusterAccess cluster;
  private final NodeQuestions nodes;

  TraceRoutes(ClusterAccess cluster, NodeQuestions nodes) {
    this.cluster = cluster;
    this.nodes = nodes;
  }

  void addTo(Routes routes) {
    nodes.addTo(routes);
    cluster.add(routes, "GET", Paths.TRACE, this::trace);
  }

  private void trace(Exchange exchange, Proposer proposer) throws InterruptedException {
    String protocol = Objects.requireNonNullElse(exchange.query("protocol"), "tcp");
    if (!protocol.equals("tcp") && !protocol.equals("udp")) {
      throw new ApiException(400, "unknown protocol " + protocol + ": tcp or udp");
    }
    Tracer tracer =
        new Tracer(proposer.state(), nodes, required(exchange, "dst"), port(exchange), protocol);
    exchange.respond(200, tracer.trace(required(exchange, "src")));
  }

  private static String required(Exchange exchange, String name) {
    String value = exchange.query(name);
    if (value == null || value.isEmpty()) {
      throw new ApiException(400, "the query needs " + name);
    }
    return value;
  }

  private static int port(Exchange exchange) {
    String text = Objects.requireNonNullElse(exchange.query("port"), "0");
    int port = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : -1;
    if (port < 0 || port > 65_535) {
      throw new ApiException(400, "invalid port " + text);
    }
    return port;
  }
}
