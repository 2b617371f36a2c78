package io.meshd.daemon.security;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Who this node is in its cluster, and how to reach the cluster again.
 *
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
    PrivateKey key,
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
