package io.meshd.daemon.security;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who this node is in its cluster, and how to reach the cluster again.
 *
 * @param key of this node; null while it is locked away
 * @param certificate of this node, issued by {@code root}
 * @param managers control addresses host:port of the managers known last
 * @param advertiseAddress this node's own address, without port
 * @param controlAddress host:port of its :2377
 * @param vtep underlay address for VXLAN
 * @param dataPathPort UDP port of VXLAN
 */
public record NodeIdentity(
    String nodeId,
    String clusterId,
    NodeRole role,
    @Nullable PrivateKey key,
    X509Certificate certificate,
    X509Certificate root,
    List<String> managers,
    String advertiseAddress,
    String controlAddress,
    String vtep,
    int dataPathPort) {

  public boolean manager() {
    return role == NodeRole.MANAGER;
  }

  /** Whether this is a manager whose keys wait for the unlock key. */
  public boolean locked() {
    return key == null;
  }

  /** The same node in a role that it was given, with the certificate of that role. */
  public NodeIdentity as(NodeRole given, PrivateKey ownKey, X509Certificate issued) {
    return new NodeIdentity(
        nodeId,
        clusterId,
        given,
        ownKey,
        issued,
        root,
        managers,
        advertiseAddress,
        controlAddress,
        vtep,
        dataPathPort);
  }

  public NodeIdentity withManagers(List<String> known) {
    return new NodeIdentity(
        nodeId,
        clusterId,
        role,
        key,
        certificate,
        root,
        List.copyOf(known),
        advertiseAddress,
        controlAddress,
        vtep,
        dataPathPort);
  }
}
