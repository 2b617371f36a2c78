package io.meshd.daemon.control;

import io.meshd.daemon.audit.Asker;
import io.meshd.daemon.audit.AuditLog;
import io.meshd.daemon.audit.Change;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.command.RaftProposer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Peer;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.security.ClusterCa;
import io.meshd.daemon.security.NodeRole;
import io.meshd.daemon.security.Pem;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A manager's side of {@code /mesh/v1/agent} on :2377. */
public final class ControlRoutes {
  private final StateFeed feed;
  private final NodeLiveness liveness;
  private final ReportDesk reports;
  private final WatchStreams watches;
  private final JoinDesk joins;
  private final ClusterCa ca;

  private ControlRoutes(Parts parts) {
    this.feed = parts.feed;
    this.ca = parts.ca;
    this.liveness = parts.liveness;
    this.reports = parts.reports;
    this.watches = new WatchStreams(parts.feed, parts.liveness);
    this.joins = new JoinDesk(parts.ca, parts.ids, parts.proposer);
  }

  /**
   * @param feed subscribed to the state machine
   * @param liveness started
   * @param proposer null while this node does not lead
   */
  public record Parts(
      StateFeed feed,
      NodeLiveness liveness,
      ReportDesk reports,
      ClusterCa ca,
      Ids ids,
      Supplier<@Nullable Proposer> proposer) {}

  /**
   * Registers join, watch, report, renew, leave and pause. {@code parts} is asked on every call and
   * answers null while this node is no manager; the calls are then refused.
   */
  public static void register(Routes routes, Supplier<@Nullable ControlRoutes> parts) {
    routes.add(
        Routes.Doors.ANYONE, "POST", AgentMessages.JOIN, exchange -> of(parts).join(exchange));
    routes.add(
        Routes.Doors.NODES, "GET", AgentMessages.WATCH, exchange -> of(parts).watch(exchange));
    routes.add(
        Routes.Doors.NODES, "POST", AgentMessages.REPORT, exchange -> of(parts).report(exchange));
    routes.add(
        Routes.Doors.NODES, "POST", AgentMessages.RENEW, exchange -> of(parts).renew(exchange));
    routes.add(
        Routes.Doors.NODES, "POST", AgentMessages.LEAVE, exchange -> of(parts).leave(exchange));
    routes.add(
        Routes.Doors.NODES, "POST", AgentMessages.PAUSE, exchange -> of(parts).pause(exchange));
  }

  public static ControlRoutes of(Parts parts) {
    return new ControlRoutes(parts);
  }

  private static ControlRoutes of(Supplier<@Nullable ControlRoutes> parts) {
    ControlRoutes routes = parts.get();
    if (routes == null) {
      // moby daemon/cluster/errors.go
      throw new ApiException(503, "This node is not a swarm manager.");
    }
    return routes;
  }

  private void join(Exchange exchange) {
    String from = exchange.peer() instanceof Peer.Remote remote ? remote.address() : "";
    AgentMessages.JoinAnswer answer = joins.join(exchange.json(AgentMessages.JoinCall.class), from);
    // From now on it has the grace for its own start.
    liveness.heard(answer.nodeId());
    exchange.respond(200, answer);
  }

  private void watch(Exchange exchange) {
    watches.serve(exchange, member(exchange));
  }

  private void report(Exchange exchange) {
    String nodeId = member(exchange);
    liveness.heard(nodeId);
    reports.accept(nodeId, exchange.json(AgentMessages.ReportCall.class).reports());
    exchange.respond(200, null);
  }

  private void renew(Exchange exchange) {
    String nodeId = member(exchange);
    ClusterState state = feed.current();
    NodeRecord node = state.nodes().get(nodeId);
    ClusterRecord cluster = state.cluster();
    if (node == null || cluster == null) {
      throw new ApiException(503, RaftProposer.NO_LEADER);
    }
    NodeRole role = node.manager() ? NodeRole.MANAGER : NodeRole.WORKER;
    try {
      X509Certificate certificate =
          ca.sign(
              exchange.json(AgentMessages.RenewCall.class).csr(),
              nodeId,
              role,
              cluster.id(),
              cluster.certificateLife());
      exchange.respond(200, new AgentMessages.RenewAnswer(Pem.of(certificate)));
    } catch (IOException e) {
      throw new ApiException(400, String.valueOf(e.getMessage()));
    }
  }

  private void leave(Exchange exchange) {
    String nodeId = member(exchange);
    ClusterState state = feed.current();
    NodeRecord node = state.nodes().get(nodeId);
    AuditLog.accepted(
        Asker.of(exchange, ""),
        new Change("leave", "node", node == null ? "" : node.hostname(), nodeId),
        state.version());
    liveness.left(nodeId);
    exchange.respond(200, null);
  }

  private void pause(Exchange exchange) {
    liveness.paused(member(exchange));
    exchange.respond(200, null);
  }

  /** A removed node still has a valid certificate. */
  private String member(Exchange exchange) {
    String nodeId = exchange.peer() instanceof Peer.Remote remote ? remote.nodeId() : null;
    if (nodeId == null || !feed.current().nodes().containsKey(nodeId)) {
      throw new ApiException(403, "node " + nodeId + " is not part of this swarm");
    }
    return nodeId;
  }
}
