package io.meshd.daemon.rest;

import io.meshd.daemon.audit.Asker;
import io.meshd.daemon.audit.AuditedProposer;
import io.meshd.daemon.audit.Change;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.command.RaftProposer;
import io.meshd.daemon.control.LeaderForwarder;
import io.meshd.daemon.control.SwarmControl;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Peer;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.Outcome;
import java.time.Clock;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The way of a call that is the cluster's: answered here on the leader, forwarded to it from any
 * other node's own users, refused in Docker's words where there is no cluster or no leader.
 */
final class ClusterAccess {

  static final String NO_SWARM =
      "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try again.";

  // moby daemon/cluster/errors.go
  static final String WORKER =
      "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster"
          + " state. Please run this command on a manager node or promote the current node to a"
          + " manager.";

  private final SwarmControl control;
  private final LeaderForward forward;
  private final Clock clock;

  /** A handler on the leader. */
  @FunctionalInterface
  interface OnLeader {
    void handle(Exchange exchange, Proposer proposer) throws Exception;
  }

  ClusterAccess(SwarmControl control, LeaderForward forward, Clock clock) {
    this.control = control;
    this.forward = forward;
    this.clock = clock;
  }

  SwarmControl control() {
    return control;
  }

  /** RFC 3339, as commands carry it. */
  String now() {
    return Instant.now(clock).toString();
  }

  /** For users of managers. */
  void add(Routes routes, String method, String pattern, OnLeader handler) {
    add(routes, method, pattern, handler, WORKER);
  }

  /** {@code toWorkers}: what users of a worker are told. */
  void add(Routes routes, String method, String pattern, OnLeader handler, String toWorkers) {
    routes.add(
        Routes.Doors.LOCAL_AND_NODES,
        method,
        pattern,
        exchange -> onManager(exchange, handler, toWorkers));
  }

  void onManager(Exchange exchange, OnLeader handler, String toWorkers) throws Exception {
    requireManager(exchange, toWorkers);
    dispatch(exchange, handler);
  }

  /** For users of any node; the handler sees to it that a worker speaks for itself only. */
  void addForNodes(Routes routes, String method, String pattern, OnLeader handler) {
    routes.add(
        Routes.Doors.LOCAL_AND_NODES, method, pattern, exchange -> dispatch(exchange, handler));
  }

  /** By the state and not by the certificate alone: a demoted node's is valid for long. */
  private void requireManager(Exchange exchange, String toWorkers) {
    requireActive();
    switch (exchange.peer()) {
      case Peer.Local _ -> {
        if (!control.membership().manager()) {
          throw new ApiException(503, toWorkers);
        }
      }
      case Peer.Remote remote -> {
        if (!isManager(remote.nodeId())) {
          throw new ApiException(403, "node " + remote.nodeId() + " is no manager of this swarm");
        }
      }
    }
  }

  /** Whether the state has that node as a manager. */
  boolean isManager(@Nullable String nodeId) {
    NodeRecord node = nodeId == null ? null : control.state().nodes().get(nodeId);
    return node != null && node.manager();
  }

  void dispatch(Exchange exchange, OnLeader handler) throws Exception {
    requireActive();
    if (exchange.peer() instanceof Peer.Remote remote
        && (remote.nodeId() == null || !control.state().nodes().containsKey(remote.nodeId()))) {
      throw new ApiException(403, "node " + remote.nodeId() + " is not part of this swarm");
    }
    Proposer proposer = control.proposer();
    if (proposer != null) {
      onLeader(exchange, proposer, handler);
      return;
    }
    // A call that was forwarded already is not sent round: its sender asks the next manager.
    if (exchange.peer() instanceof Peer.Remote) {
      throw new ApiException(LeaderForwarder.NOT_LEADER, RaftProposer.NO_LEADER);
    }
    forward.forward(exchange);
  }

  /** What may change something leaves its line, also where it never becomes a command. */
  private void onLeader(Exchange exchange, Proposer proposer, OnLeader handler) throws Exception {
    // What is answered, and what names are looked up in, is not older than what others were told.
    if (!proposer.confirm()) {
      throw new ApiException(503, RaftProposer.NO_LEADER);
    }
    if (exchange.method().equals("GET") || exchange.method().equals("HEAD")) {
      handler.handle(exchange, proposer);
      return;
    }
    AuditedProposer audited = new AuditedProposer(proposer, asker(exchange));
    try {
      handler.handle(exchange, audited);
    } catch (ApiException e) {
      audited.refused(Change.of(exchange), e.text());
      throw e;
    }
  }

  Asker asker(Exchange exchange) {
    return Asker.of(exchange, control.membership().nodeId());
  }

  boolean active() {
    return control.membership().localNodeState().equals("active");
  }

  void requireActive() {
    if (control.membership().localNodeState().equals("locked")) {
      throw new ApiException(503, SwarmControl.LOCKED);
    }
    if (!active()) {
      throw new ApiException(503, NO_SWARM);
    }
  }

  /** Which node's user asks: the one that forwarded, or this one. */
  String askingNode(Exchange exchange) {
    return exchange.peer() instanceof Peer.Remote remote && remote.nodeId() != null
        ? remote.nodeId()
        : control.membership().nodeId();
  }

  /**
   * Proposes; a refusal becomes the API's error.
   *
   * @return the ID that was made or changed
   */
  static String propose(Proposer proposer, Command command) {
    return switch (proposer.propose(command)) {
      case Outcome.Done done -> done.id();
      case Outcome.Refused refused -> throw error(refused, true);
    };
  }

  /**
   * The error of a refusal. Docker's daemon finds unknown names itself, so those have no prefix;
   * what Swarm's control API says comes with gRPC's.
   */
  static ApiException error(Outcome.Refused refused, boolean prefixed) {
    boolean plain =
        switch (refused.reason()) {
          case NOT_FOUND, UNAVAILABLE -> true;
          case INVALID_ARGUMENT,
              ALREADY_EXISTS,
              FAILED_PRECONDITION,
              FORBIDDEN,
              CONFLICT,
              OUT_OF_SEQUENCE,
              NO_SPACE,
              UNIMPLEMENTED ->
              !prefixed;
        };
    String message =
        plain
            ? refused.message()
            : "rpc error: code = %s desc = %s"
                .formatted(refused.reason().rpcCode(), refused.message());
    return new ApiException(refused.reason().httpStatus(), message);
  }

  /** A required number of the query, as Docker complains about it. */
  static long version(Exchange exchange, String noun) {
    @Nullable String text = exchange.query("version");
    try {
      return Long.parseLong(text == null ? "" : text);
    } catch (NumberFormatException _) {
      throw new ApiException(
          400, "invalid %s version '%s'".formatted(noun, text == null ? "" : text));
    }
  }
}
