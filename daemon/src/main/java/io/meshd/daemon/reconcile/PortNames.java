package io.meshd.daemon.reconcile;

/** How this node's TAPs are called towards the data plane. */
public final class PortNames {
  private static final String NODE = "node";
  private static final String TASK = "task";
  private static final String ENDPOINT = "endpoint";

  private PortNames() {}

  /**
   * Who is behind a port.
   *
   * @param kind task, endpoint or node
   * @param id of the task or endpoint; empty for a node
   */
  public record Owner(String kind, String id) {}

  static String node(String networkId) {
    return NODE + "/" + networkId;
  }

  static String task(String taskId, String networkId) {
    return TASK + "/" + taskId + "/" + networkId;
  }

  static String endpoint(String endpointId) {
    return ENDPOINT + "/" + endpointId;
  }

  /** The port of one of the three kinds; any other name is nobody's. */
  public static String of(Owner owner, String networkId) {
    return switch (owner.kind()) {
      case TASK -> task(owner.id(), networkId);
      case ENDPOINT -> endpoint(owner.id());
      default -> node(networkId);
    };
  }

  public static Owner owner(String port) {
    String[] parts = port.split("/", 3);
    return new Owner(parts[0], parts[0].equals(NODE) || parts.length < 2 ? "" : parts[1]);
  }
}
