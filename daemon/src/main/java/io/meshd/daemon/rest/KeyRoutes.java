package io.meshd.daemon.rest;

import io.meshd.api.Mesh;
import io.meshd.api.Paths;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.KeyRotation;

/** The keys of gossip and of encrypted networks: their digests, and new ones. */
final class KeyRoutes {
  private final ClusterAccess cluster;

  KeyRoutes(ClusterAccess cluster) {
    this.cluster = cluster;
  }

  void addTo(Routes routes) {
    cluster.add(routes, "GET", Paths.KEYS, this::list);
    cluster.add(routes, "POST", Paths.ROTATE_KEYS, this::rotate);
  }

  private void list(Exchange exchange, Proposer proposer) {
    ClusterRecord record = proposer.state().cluster();
    if (record == null) {
      throw new ApiException(503, ClusterAccess.NO_SWARM);
    }
    KeyRotation rotation = record.keyRotation();
    exchange.respond(
        200,
        new Mesh.Keys(
            record.gossipKeys().stream().map(ClusterRecord::keyDigest).toList(),
            record.dataKeys().stream().map(ClusterRecord::keyDigest).toList(),
            record.keysRotatedAt(),
            rotation == null ? null : rotation.step().name()));
  }

  private void rotate(Exchange exchange, Proposer proposer) {
    ClusterAccess.propose(proposer, new Command.RequestKeyRotation(cluster.now()));
    exchange.respond(200, null);
  }
}
