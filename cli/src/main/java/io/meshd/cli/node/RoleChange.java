package io.meshd.cli.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.cli.http.ApiClient;

/** Gives a node another role, as its spec's Role. */
final class RoleChange {
  private RoleChange() {}

  /**
   * @param role manager or worker
   * @return false when the node has that role already
   */
  static boolean set(ApiClient api, String name, String role) {
    String path = NodeReference.path(api, name);
    JsonNode node = api.getTree(path);
    ObjectNode spec = ((ObjectNode) node.path("Spec")).deepCopy();
    if (spec.path("Role").asText().equals(role)) {
      return false;
    }
    spec.put("Role", role);
    api.call(
        "POST",
        "/nodes/%s/update?version=%d"
            .formatted(
                ApiClient.encode(node.path("ID").asText(name)),
                node.path("Version").path("Index").asLong()),
        spec);
    return true;
  }
}
