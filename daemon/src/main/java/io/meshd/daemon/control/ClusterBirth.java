package io.meshd.daemon.control;

import io.meshd.api.Nodes;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.security.ClusterCa;
import io.meshd.daemon.security.JoinToken;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.security.NodeKeys;
import io.meshd.daemon.security.NodeRole;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.Command;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * All that a new cluster begins with. To be kept in this order: the log is opened, {@code init} and
 * {@code node} are proposed, and then the identity is saved: a crash before leaves no cluster.
 *
 * @param init the log's first command
 * @param node the second: the first manager as a node
 */
public record ClusterBirth(
    NodeIdentity identity, Command.InitCluster init, Command.UpsertNode node) {

  /**
   * What the operator chose, checked and complete.
   *
   * @param advertiseAddress without port
   * @param controlPort 2377
   * @param dataPathAddress for VXLAN
   * @param addressPools 10.0.0.0/8
   * @param subnetSize 24
   * @param availability active, pause, drain
   */
  public record Plan(
      String advertiseAddress,
      int controlPort,
      String dataPathAddress,
      int dataPathPort,
      List<String> addressPools,
      int subnetSize,
      String availability,
      Nodes.NodeDescription description) {}

  /** Makes CA, tokens, the node's certificate and IDs; keeps nothing. */
  public static ClusterBirth of(Plan plan, Ids ids) {
    String at = Instant.now().toString();
    String clusterId = ids.next();
    String nodeId = ids.next();
    ClusterCa ca = ClusterCa.create();
    KeyPair keys = NodeKeys.generate();
    String control = plan.advertiseAddress + ":" + plan.controlPort;
    NodeIdentity identity =
        new NodeIdentity(
            nodeId,
            clusterId,
            NodeRole.MANAGER,
            keys.getPrivate(),
            ca.issue(
                keys.getPublic(),
                nodeId,
                NodeRole.MANAGER,
                clusterId,
                Duration.ofNanos(ClusterRecord.DEFAULT_CERT_EXPIRY)),
            ca.root(),
            List.of(control),
            plan.advertiseAddress,
            control,
            plan.dataPathAddress,
            plan.dataPathPort);
    return new ClusterBirth(
        identity,
        new Command.InitCluster(
            at,
            clusterId,
            ids.next(),
            plan.addressPools,
            plan.subnetSize,
            plan.dataPathPort,
            JoinToken.create(ca.root()).toString(),
            JoinToken.create(ca.root()).toString(),
            KeyRotator.newKey(),
            KeyRotator.newKey(),
            Authorities.of(ca)),
        new Command.UpsertNode(
            at,
            nodeId,
            new Nodes.NodeSpec(null, Map.of(), NodeRole.MANAGER.word(), plan.availability),
            plan.description,
            plan.dataPathAddress,
            control));
  }
}
