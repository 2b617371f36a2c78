package io.meshd.daemon.ingress;

import java.util.List;

/**
 * A published port as this node is to answer it.
 *
 * @param publishedPort port in the host namespace, 1-65535, bound on [::] and so for IPv4 too
 * @param serviceName for counters and logs
 * @param backends ready tasks anywhere; empty: bound, and the kernel refuses
 */
public record IngressPort(int publishedPort, String serviceName, List<Backend> backends) {

  /**
   * A ready task, or an endpoint that serves the same.
   *
   * @param taskId its ID: identity across changes of the list
   * @param address dotted IPv4 on the overlay, reachable from the node namespace
   */
  public record Backend(String taskId, String address, int port) {}
}
