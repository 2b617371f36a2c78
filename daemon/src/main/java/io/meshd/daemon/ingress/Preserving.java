package io.meshd.daemon.ingress;

import io.meshd.ipam.Cidr;
import java.util.List;

/**
 * What a node may do in the names of clients.
 *
 * @param firstPort of those that it asks from, as no other node does; 0 when it has none
 * @param lastPort the last of them
 * @param ours addresses that mean something in the cluster or on the node, so that a client that
 *     has one is asked for with the node's address: overlays, the node's bridges
 */
public record Preserving(int firstPort, int lastPort, List<Cidr> ours) {
  /** Of a port that does not keep its clients' addresses. */
  public static final Preserving NONE = new Preserving(0, 0, List.of());
}
