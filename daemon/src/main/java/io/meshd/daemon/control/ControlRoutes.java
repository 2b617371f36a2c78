package io.meshd.daemon.control;

import io.meshd.api.Nodes;
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
import io.meshd.daemon.security.NodeRole;
import io.meshd.daemon.security.Pem;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.Outcome;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A manager's side of {@code /mesh/v1/agent} on :2377. */
public final class ControlRoutes {
  private final StateFeed feed;
  private final NodeLiveness liveness;
  private final ReportDesk reports;
  private final WatchStreams watches;
  private final JoinDesk joins;
  private final Supplier<@Nullable Proposer> proposer;
  private final BooleanSupplier inTouch;
  private final LeaderForwarder forwarder;
  private final Supplier<List<String>> members;
  private final Supplier<@Nullable Managers> managers;

  private ControlRoutes(Parts parts) {
    this.feed = parts.feed;
    this.proposer = parts.proposer;
    this.liveness = parts.liveness;
    this.reports = parts.reports;
    this.inTouch = parts.inTouch;
    this.watches = new WatchStreams(parts.feed, parts.liveness, parts.inTouch);
    this.forwarder = parts.forwarder;
    this.members = parts.members;
    this.managers = parts.managers;
    this.joins = new JoinDesk(parts.ids, parts.proposer);
  }

  /**
   * @param feed subscribed to the state machine
   * @param liveness started
   * @param proposer null while this node does not lead
   * @param forwarder takes to the leader what only the leader can answer
   * @param members of the managers' log
   * @param managers null while this node does not lead
   * @param inTouch whether this manager has a leader, so that what it tells is the newest
   */
  public record Parts(
      StateFeed feed,
      NodeLiveness liveness,
      ReportDesk reports,
      Ids ids,
      Supplier<@Nullable Proposer> proposer,
      LeaderForwarder forwarder,
      Supplier<List<String>> members,
      Supplier<@Nullable Managers> managers,
      BooleanSupplier inTouch) {}

  /**
   * Registers join, watch, report, renew, describe, leave, pause, leader and members. {@code parts}
   * is asked on every call and answers null while this node is no manager; the calls are then
   * refused.
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
        Routes.Doors.NODES,
        "POST",
        AgentMessages.DESCRIBE,
        exchange -> of(parts).describe(exchange));
    routes.add(
        Routes.Doors.NODES, "POST", AgentMessages.LEAVE, exchange -> of(parts).leave(exchange));
    routes.add(
        Routes.Doors.NODES, "POST", AgentMessages.PAUSE, exchange -> of(parts).pause(exchange));
    routes.add(
        Routes.Doors.NODES, "GET", AgentMessages.LEADER, exchange -> of(parts).leader(exchange));
    routes.add(
        Routes.Doors.MANAGERS,
        "GET",
        AgentMessages.MEMBERS,
        exchange -> of(parts).members(exchange));
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

  /** Name to value: who was not let in, {@code control.refused.token} and {@code .join}. */
  public Map<String, Long> counters() {
    return Map.of(
        "control.refused.token", joins.refused().tokens(),
        "control.refused.join", joins.refused().others());
  }

  private void join(Exchange exchange) throws InterruptedException {
    if (proposer.get() == null) {
      forwarder.forward(exchange);
      return;
    }
    String from = from(exchange);
    AgentMessages.JoinAnswer answer = joins.join(exchange.json(AgentMessages.JoinCall.class), from);
    // From now on it has the grace for its own start.
    liveness.heard(answer.nodeId());
    exchange.respond(200, answer);
  }

  /** What a manager says of a call that it passed on is believed. */
  private String from(Exchange exchange) {
    if (!(exchange.peer() instanceof Peer.Remote remote)) {
      return "";
    }
    String seen = exchange.header(LeaderForwarder.SEEN);
    NodeRecord node = remote.nodeId() == null ? null : feed.current().nodes().get(remote.nodeId());
    return seen != null && node != null && node.manager() ? seen : remote.address();
  }

  private void leader(Exchange exchange) {
    if (proposer.get() == null) {
      throw new ApiException(LeaderForwarder.NOT_LEADER, RaftProposer.NO_LEADER);
    }
    exchange.respond(200, null);
  }

  private void members(Exchange exchange) {
    ClusterState state = feed.current();
    NodeRecord asking = state.nodes().get(member(exchange));
    if (asking == null || !asking.manager()) {
      throw new ApiException(403, "this node is no manager of the swarm any more");
    }
    Map<String, String> addresses = new TreeMap<>();
    for (NodeRecord node : state.nodes().values()) {
      if (node.manager()) {
        addresses.put(node.id(), node.controlAddress());
      }
    }
    exchange.respond(200, new AgentMessages.MembersAnswer(members.get(), addresses));
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
    Proposer leading = proposer.get();
    ClusterState state = leading == null ? ClusterState.empty() : leading.state();
    NodeRecord node = state.nodes().get(nodeId);
    ClusterRecord cluster = state.cluster();
    if (node == null || cluster == null) {
      throw new ApiException(503, RaftProposer.NO_LEADER);
    }
    NodeRole role = node.manager() ? NodeRole.MANAGER : NodeRole.WORKER;
    try {
      X509Certificate certificate =
          Authorities.signing(state)
              .sign(
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

  private void describe(Exchange exchange) {
    describe(member(exchange), exchange.json(AgentMessages.DescribeCall.class).description());
    exchange.respond(200, null);
  }

  /**
   * Takes what a node is into the state.
   *
   * @throws ApiException 503 when this manager does not lead; 400 for a manager that knows less
   *     than the others
   */
  public void describe(String nodeId, Nodes.NodeDescription own) {
    Proposer leading = proposer.get();
    if (leading == null) {
      throw new ApiException(503, RaftProposer.NO_LEADER);
    }
    Outcome outcome =
        leading.propose(new Command.DescribeNode(Instant.now().toString(), nodeId, own));
    if (outcome instanceof Outcome.Refused refused) {
      throw new ApiException(refused.reason().httpStatus(), refused.message());
    }
  }

  private void leave(Exchange exchange) {
    String nodeId = member(exchange);
    Proposer leading = leading();
    ClusterState state = leading.state();
    NodeRecord node = state.nodes().get(nodeId);
    AuditLog.accepted(
        Asker.of(exchange, ""),
        new Change("leave", "node", node == null ? "" : node.hostname(), nodeId),
        state.version());
    Managers now = managers.get();
    if (node != null && node.manager() && now != null && now.canLose(nodeId)) {
      // The managers' log goes on without it, and does not count it as one that does not answer.
      Nodes.NodeSpec spec = node.spec();
      var _ =
          leading.propose(
              new Command.UpdateNodeSpec(
                  Instant.now().toString(),
                  nodeId,
                  node.version(),
                  new Nodes.NodeSpec(
                      spec.name(), spec.labels(), NodeRole.WORKER.word(), spec.availability())));
    }
    liveness.left(nodeId);
    exchange.respond(200, null);
  }

  private Proposer leading() {
    Proposer leading = proposer.get();
    if (leading == null) {
      throw new ApiException(503, RaftProposer.NO_LEADER);
    }
    return leading;
  }

  private void pause(Exchange exchange) {
    String nodeId = member(exchange);
    var _ = leading();
    liveness.paused(nodeId);
    exchange.respond(200, null);
  }

  /** A removed node still has a valid certificate. */
  private String member(Exchange exchange) {
    String nodeId = exchange.peer() instanceof Peer.Remote remote ? remote.nodeId() : null;
    if (nodeId == null || !feed.current().nodes().containsKey(nodeId)) {
      if (!inTouch.getAsBoolean()) {
        // It may have come while this manager was away.
        throw new ApiException(503, RaftProposer.NO_LEADER);
      }
      throw new ApiException(403, "Permission denied: node " + nodeId + " was removed from swarm");
    }
    return nodeId;
  }
}
