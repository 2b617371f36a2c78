package io.meshd.cli.node;

import io.meshd.api.Paths;
import io.meshd.api.Swarm;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.http.ApiClient;

/** What a user may call a node: its ID, its name, or {@code self}. */
final class NodeReference {
  private NodeReference() {}

  /** The ID for {@code self}, anything else as it is. */
  static String resolve(ApiClient api, String reference) {
    if (!reference.equals("self")) {
      return reference;
    }
    Swarm.SystemInfo info = api.get(Paths.INFO, Swarm.SystemInfo.class);
    String id = info.swarm().nodeId();
    if (id == null || id.isEmpty()) {
      // Asks a manager's question only for its answer: why there is no node here.
      api.getTree(Paths.NODES);
      throw new Failure("node ID not found in /info");
    }
    return id;
  }

  static String path(ApiClient api, String reference) {
    return Paths.NODES + "/" + ApiClient.encode(resolve(api, reference));
  }
}
