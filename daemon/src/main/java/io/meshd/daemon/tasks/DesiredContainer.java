package io.meshd.daemon.tasks;

import io.meshd.api.Services;
import java.util.List;
import java.util.Map;

/**
 * What a task that is a container has beside what every task has.
 *
 * @param spec as it was asked for, with its templates filled in
 * @param labels of the container
 * @param networks in the order of {@link DesiredTask#networks}
 */
public record DesiredContainer(
    Services.TaskSpec spec, Map<String, String> labels, List<Network> networks) {

  /**
   * A network of the cluster, as this node's Engine is to have it.
   *
   * @param id the cluster's
   * @param subnet CIDR
   * @param named whether tasks find names on it
   */
  public record Network(String id, String name, String subnet, boolean internal, boolean named) {}

  /** The image that it is made of. */
  public String image() {
    return String.valueOf(spec.containerSpec().image());
  }
}
