package io.meshd.daemon.reconcile;

/** How this node's TAPs are called towards the data plane. */
final class PortNames {
  private PortNames() {}

  static String node(String networkId) {
    return "node/" + networkId;
  }

  static String task(String taskId, String networkId) {
    return "task/" + taskId + "/" + networkId;
  }

  static String endpoint(String endpointId) {
    return "endpoint/" + endpointId;
  }
}
