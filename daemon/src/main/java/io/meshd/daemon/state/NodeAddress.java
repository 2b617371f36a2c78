package io.meshd.daemon.state;

/** A node's own address on a network, from which its ingress connects. */
public record NodeAddress(String nodeId, Attachment attachment) {

  /** Key in {@link ClusterState#nodeAddresses}. */
  public static String key(String networkId, String nodeId) {
    return networkId + "/" + nodeId;
  }
}
