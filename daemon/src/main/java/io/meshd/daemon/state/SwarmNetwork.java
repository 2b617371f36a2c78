package io.meshd.daemon.state;

import java.util.List;

/**
 * What a Docker Swarm has decided of a network that is carried here for it: addresses are that
 * Swarm's, and so are the services.
 *
 * @param id the Swarm's
 * @param services with a virtual IP on the network, in the order of their IDs
 */
public record SwarmNetwork(String id, List<Service> services) {

  /**
   * A service of that Swarm.
   *
   * @param virtualIp without prefix
   * @param backends addresses of its tasks that run and are to run, sorted
   * @param draining of those that run and are to end
   */
  public record Service(
      String id, String name, String virtualIp, List<String> backends, List<String> draining) {}
}
