package io.meshd.daemon.linux;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What a node has before it has any task: the node namespace, the two bridges and the way out.
 *
 * @param hostNetns the namespace of the bridges, null for the daemon's own
 * @param subnets of the bridges, kept for as long as the node is in its cluster
 */
public record NodePlumbing(
    NetworkNamespaces namespaces,
    NodeNamespace node,
    NodeBridges bridges,
    @Nullable Path hostNetns,
    NodeBridges.Subnets subnets) {

  /**
   * Makes what is not there yet.
   *
   * @param netnsBase where namespaces are bound, /run/meshd/netns
   * @param dataDir where the subnets are remembered
   */
  public static NodePlumbing ensure(Path netnsBase, @Nullable Path hostNetns, Path dataDir)
      throws IOException {
    NetworkNamespaces namespaces = new NetworkNamespaces(netnsBase);
    NodeNamespace node = new NodeNamespace(namespaces);
    node.ensure();
    NodeBridges bridges = new NodeBridges(hostNetns, dataDir.resolve("bridges.json"));
    return new NodePlumbing(namespaces, node, bridges, hostNetns, bridges.ensure());
  }

  /** Removes all of it; the tasks must be gone. */
  public void remove() throws LinuxException {
    Problems problems = new Problems();
    problems.attempt(node::remove);
    problems.attempt(bridges::remove);
    problems.throwIfAny();
  }
}
