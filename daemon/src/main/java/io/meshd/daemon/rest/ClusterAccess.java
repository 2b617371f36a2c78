package io.meshd.daemon.rest;

import io.meshd.daemon.audit.Asker;
import io.meshd.daemon.audit.AuditedProposer;
import io.meshd.daemon.audit.Change;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.command.RaftProposer;
import io.meshd.daemon.control.SwarmControl;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Peer;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.state.Command;
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

  void add(Routes routes, String method, String pattern, OnLeader handler) {
    routes.add(
        Routes.Doors.LOCAL_AND_NODES, method, pattern, exchange -> dispatch(exchange, handler));
  }

  void dispatch(Exchange exchange, OnLeader handler) throws Exception {
    requireActive();
    Proposer proposer = control.proposer();
    if (proposer != null) {
      onLeader(exchange, proposer, handler);
      return;
    }
    String leader = control.leaderAddress();
    // A call that was forwarded already is not sent round: its sender asks again.
    if (leader == null || exchange.peer() instanceof Peer.Remote) {
      throw new ApiException(503, RaftProposer.NO_LEADER);
    }
    forward.forward(exchange, leader);
  }

  /** What may change something leaves its line, also where it never becomes a command. */
  private void onLeader(Exchange exchange, Proposer proposer, OnLeader handler) throws Exception {
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
