package io.meshd.daemon.rest;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.api.Paths;
import io.meshd.api.Swarm;
import io.meshd.daemon.audit.Asker;
import io.meshd.daemon.audit.AuditLog;
import io.meshd.daemon.audit.Change;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.control.AuthorityRotation;
import io.meshd.daemon.control.ManagerLock;
import io.meshd.daemon.control.SwarmControl;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.JsonBody;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.Routes.Doors;
import io.meshd.daemon.state.Authority;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.Outcome;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code /swarm}: the cluster, joining and leaving it, join tokens, the managers' lock. */
final class SwarmRoutes {

  private final ClusterAccess cluster;
  private final Ids ids;

  SwarmRoutes(ClusterAccess cluster, Ids ids) {
    this.cluster = cluster;
    this.ids = ids;
  }

  void addTo(Routes routes) {
    cluster.add(routes, "GET", Paths.SWARM, this::inspect);
    cluster.add(routes, "POST", Paths.SWARM + "/update", this::update);
    cluster.add(routes, "GET", Paths.SWARM + "/unlockkey", this::unlockKey);
    routes.add(Doors.LOCAL, "POST", Paths.SWARM + "/unlock", this::unlock);
    routes.add(Doors.LOCAL, "POST", Paths.SWARM + "/init", this::init);
    routes.add(Doors.LOCAL, "POST", Paths.SWARM + "/join", this::join);
    routes.add(Doors.LOCAL, "POST", Paths.SWARM + "/leave", this::leave);
    routes.add(Doors.LOCAL, "GET", Paths.BACKUP, this::backup);
    routes.add(Doors.LOCAL, "POST", Paths.RESTORE, this::restore);
  }

  private void inspect(Exchange exchange, Proposer proposer) {
    exchange.respond(200, SwarmSpec.inspected(record(proposer)));
  }

  private static ClusterRecord record(Proposer proposer) {
    ClusterRecord record = proposer.state().cluster();
    if (record == null) {
      throw new ApiException(503, ClusterAccess.NO_SWARM);
    }
    return record;
  }

  private void unlockKey(Exchange exchange, Proposer proposer) {
    String key = record(proposer).unlockKey();
    exchange.respond(200, new Swarm.UnlockKey(key == null ? "" : key));
  }

  private void unlock(Exchange exchange) {
    String key = JsonBody.readStrictly(exchange.body(), Swarm.UnlockKey.class).key();
    var _ =
        audited(
            exchange,
            "unlock",
            () -> {
              control().unlock(key);
              return new Result<>("", control().membership().clusterId());
            });
    exchange.respond(200, null);
  }

  private void init(Exchange exchange) {
    Swarm.InitRequest request = JsonBody.readStrictly(exchange.body(), Swarm.InitRequest.class);
    if (request.spec() != null) {
      SwarmSpec.checkNew(Json.MAPPER.valueToTree(request.spec()));
    }
    String nodeId =
        audited(
            exchange,
            "init",
            () -> {
              String made = control().init(request);
              return new Result<>(made, control().membership().clusterId());
            });
    exchange.respond(200, nodeId);
  }

  /** Whoever has the file has the cluster, so that this leaves its line too. */
  private void backup(Exchange exchange) {
    byte[] file =
        audited(
            exchange,
            "backup",
            () -> new Result<>(control().backup(), control().membership().clusterId()));
    exchange.respondRaw(200, "application/octet-stream", file);
  }

  private void restore(Exchange exchange) {
    byte[] file = exchange.body();
    String nodeId =
        audited(
            exchange,
            "restore",
            () -> {
              String made = control().restore(file);
              return new Result<>(made, control().membership().clusterId());
            });
    exchange.respond(200, nodeId);
  }

  /** What a membership call brings: the answer, and the ID of the cluster that changed. */
  private record Result<T>(T answer, String clusterId) {}

  /** These change the cluster, and are no commands that an asker proposes. */
  private <T> T audited(Exchange exchange, String verb, Supplier<Result<T>> change) {
    Asker asker = cluster.asker(exchange);
    long version = control().state().version();
    try {
      Result<T> result = change.get();
      long now = control().state().version();
      AuditLog.accepted(
          asker, new Change(verb, "swarm", "", result.clusterId()), Math.max(version, now));
      return result.answer();
    } catch (ApiException e) {
      AuditLog.refused(asker, new Change(verb, "swarm", "", ""), version, e.text());
      throw e;
    }
  }

  private void join(Exchange exchange) {
    Swarm.JoinRequest request = JsonBody.readStrictly(exchange.body(), Swarm.JoinRequest.class);
    if (request.remoteAddrs().isEmpty()) {
      throw new ApiException(400, "at least 1 RemoteAddr is required to join");
    }
    control().join(request);
    exchange.respond(200, null);
  }

  private void leave(Exchange exchange) {
    if (!cluster.active() && control().membership().localNodeState().equals("inactive")) {
      throw new ApiException(503, "This node is not part of a swarm");
    }
    SwarmControl.Membership member = control().membership();
    if (member.manager()) {
      audited(
          exchange,
          "leave",
          () -> {
            control().leave(exchange.flag("force"));
            return new Result<>("", member.clusterId());
          });
    } else {
      control().leave(exchange.flag("force"));
    }
    exchange.respond(200, null);
  }

  private SwarmControl control() {
    return cluster.control();
  }

  private void update(Exchange exchange, Proposer proposer) {
    long version = ClusterAccess.version(exchange, "swarm");
    ClusterRecord record = record(proposer);
    if (version != record.version()) {
      throw ClusterAccess.error(
          new Outcome.Refused(Outcome.Reason.OUT_OF_SEQUENCE, "update out of sequence"), true);
    }
    boolean worker = exchange.flag("rotateWorkerToken");
    boolean manager = exchange.flag("rotateManagerToken");
    JsonNode asked = SwarmSpec.read(exchange);
    SwarmSpec.check(record, asked);
    int limit = SwarmSpec.historyLimit(record, asked);
    long expiry = SwarmSpec.certExpiry(record, asked);
    Authority.Next next = nextAuthority(record, asked);
    if (worker) {
      rotate(proposer, "worker", record.workerToken());
    }
    if (manager) {
      rotate(proposer, "manager", record.managerToken());
    }
    if (limit != record.taskHistoryLimit() || expiry != record.nodeCertExpiry()) {
      long current = worker || manager ? record(proposer).version() : version;
      ClusterAccess.propose(
          proposer, new Command.UpdateCluster(cluster.now(), current, limit, expiry));
    }
    boolean lock = SwarmSpec.autolock(record, asked);
    if (lock != (record.unlockKey() != null) || (lock && exchange.flag("rotateManagerUnlockKey"))) {
      ClusterAccess.propose(
          proposer, new Command.SetUnlockKey(cluster.now(), lock ? ManagerLock.newKey() : null));
    }
    if (next != null) {
      long current = record(proposer).version();
      ClusterAccess.propose(proposer, new Command.RotateAuthority(cluster.now(), current, next));
    }
    exchange.respond(200, null);
  }

  /** The CA that is asked for, or null where it stays: the spec that is shown counts from 0. */
  private static Authority.@Nullable Next nextAuthority(ClusterRecord record, JsonNode asked) {
    JsonNode ca = asked.path("CAConfig");
    String certificate = ca.path("SigningCACert").asText("");
    String key = ca.path("SigningCAKey").asText("");
    if (!ca.path("ExternalCAs").isEmpty()) {
      throw new ApiException(400, "external CAs are not supported");
    }
    if (ca.path("ForceRotate").asLong(0) == 0 && certificate.isEmpty() && key.isEmpty()) {
      return null;
    }
    Authority authority = record.authority();
    if (authority == null) {
      throw new ApiException(400, "the swarm has no CA that could be replaced");
    }
    if (certificate.isEmpty() && !key.isEmpty()) {
      throw new ApiException(400, "a CA key needs the CA's certificate: --ca-cert");
    }
    return AuthorityRotation.next(
        authority, certificate.isEmpty() ? null : certificate, key.isEmpty() ? null : key);
  }

  /** {@code SWMTKN-1-<digest of the CA>-<secret>}: only the secret is new. */
  private void rotate(Proposer proposer, String role, String token) {
    int secret = token.lastIndexOf('-') + 1;
    ClusterAccess.propose(
        proposer,
        new Command.RotateToken(cluster.now(), role, token.substring(0, secret) + ids.next()));
  }
}
