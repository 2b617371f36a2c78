package io.meshd.daemon.plugin;

import io.meshd.daemon.engine.Engine;
import java.util.List;
import java.util.Map;

/** The words by which networks and endpoints of the Engine say what they are in the cluster. */
public final class PluginOptions {
  private PluginOptions() {}

  /** The driver's name, for networks and for addresses. */
  public static final String DRIVER = "meshd";

  /** Of networks that a Docker Swarm makes. */
  static final String SWARM_DRIVER = "meshd-swarm";

  /** A query for them. A Swarm keeps the driver's name as it was typed. */
  static String ofSwarm() {
    return ofDrivers(List.of(SWARM_DRIVER, SWARM_DRIVER + ":latest"));
  }

  static String ofDrivers(List<String> drivers) {
    return "?filters=" + Engine.query(Map.of("driver", drivers));
  }

  /** Of a network: name or ID of the cluster's. */
  public static final String NETWORK = "mesh.network";

  /**
   * Of a network: {@link #TASKS} for one that tasks are put on, so that it need not be attachable.
   */
  public static final String FOR = "mesh.for";

  public static final String TASKS = "tasks";

  /** Of an endpoint: the task that the container is. */
  public static final String TASK = "mesh.task";
}
