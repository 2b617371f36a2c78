package io.meshd.daemon.control;

import io.meshd.api.Nodes;
import io.meshd.daemon.audit.Asker;
import io.meshd.daemon.audit.AuditedProposer;
import io.meshd.daemon.audit.Change;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.command.RaftProposer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.security.ClusterCa;
import io.meshd.daemon.security.JoinToken;
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
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Lets nodes in: token for certificate. */
final class JoinDesk {
  /** Swarm's (swarmkit ca/server.go). */
  private static final String INVALID_TOKEN = "invalid join token";

  private final RefusedJoins refused = new RefusedJoins(System::nanoTime);
  private final Ids ids;
  private final Supplier<@Nullable Proposer> proposer;

  JoinDesk(Ids ids, Supplier<@Nullable Proposer> proposer) {
    this.ids = ids;
    this.proposer = proposer;
  }

  /**
   * @param seenAddress where the call came from
   * @throws ApiException 400 {@code invalid join token}; 400 for a request that cannot be signed;
   *     503 when this manager does not lead
   */
  AgentMessages.JoinAnswer join(AgentMessages.JoinCall call, String seenAddress) {
    Proposer leading = proposer.get();
    ClusterRecord cluster = leading == null ? null : leading.state().cluster();
    if (leading == null || cluster == null) {
      throw new ApiException(503, RaftProposer.NO_LEADER);
    }
    AuditedProposer audited = new AuditedProposer(leading, Asker.stranger(seenAddress));
    try {
      return letIn(call, seenAddress, audited, cluster);
    } catch (ApiException e) {
      long unsaid = refused.note(e.text().equals(INVALID_TOKEN));
      if (unsaid >= 0) {
        audited.refused(
            new Change("join", "node", call.description().hostname(), ""),
            unsaid == 0 ? e.text() : e.text() + " (and " + unsaid + " more that left no line)");
      }
      throw e;
    }
  }

  RefusedJoins refused() {
    return refused;
  }

  private AgentMessages.JoinAnswer letIn(
      AgentMessages.JoinCall call, String seenAddress, Proposer leading, ClusterRecord cluster) {
    NodeRole role = roleOf(call.token(), cluster);
    String nodeId = ids.next();
    String advertise = call.advertiseAddress() == null ? seenAddress : call.advertiseAddress();
    String control = advertise + ":" + call.controlPort();
    String vtep = call.dataPathAddress() == null ? advertise : call.dataPathAddress();
    ClusterCa ca = Authorities.signing(leading.state());
    X509Certificate certificate;
    try {
      certificate = ca.sign(call.csr(), nodeId, role, cluster.id(), cluster.certificateLife());
    } catch (IOException e) {
      throw new ApiException(400, String.valueOf(e.getMessage()));
    }
    Outcome outcome =
        leading.propose(
            new Command.UpsertNode(
                Instant.now().toString(),
                nodeId,
                new Nodes.NodeSpec(null, Map.of(), role.word(), call.availability()),
                call.description(),
                vtep,
                control));
    if (outcome instanceof Outcome.Refused refused) {
      throw new ApiException(refused.reason().httpStatus(), refused.message());
    }
    return new AgentMessages.JoinAnswer(
        nodeId,
        cluster.id(),
        role.word(),
        Pem.of(certificate),
        Authorities.rootPem(leading.state()),
        managers(leading.state()),
        advertise,
        control,
        vtep,
        cluster.dataPathPort());
  }

  private static NodeRole roleOf(String text, ClusterRecord cluster) {
    try {
      JoinToken token = JoinToken.parse(text);
      if (token.sameAs(cluster.workerToken())) {
        return NodeRole.WORKER;
      }
      if (token.sameAs(cluster.managerToken())) {
        return NodeRole.MANAGER;
      }
    } catch (IllegalArgumentException _) {
      // answered like a well-formed token of another cluster
    }
    throw new ApiException(400, INVALID_TOKEN);
  }

  /** Control addresses of the managers, in the order of their IDs. */
  static List<String> managers(ClusterState state) {
    return state.nodes().values().stream()
        .filter(NodeRecord::manager)
        .sorted((a, b) -> a.id().compareTo(b.id()))
        .map(NodeRecord::controlAddress)
        .toList();
  }
}
