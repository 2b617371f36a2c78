package io.meshd.cli.task;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Paths;
import io.meshd.cli.http.ApiClient;
import io.meshd.cli.http.ApiFailure;
import java.util.HashMap;
import java.util.Map;

/** Names of services and nodes by ID, asked for once each; the ID where there is no name. */
public final class NameResolver {
  private final ApiClient api;
  private final boolean off;
  private final Map<String, String> services = new HashMap<>();
  private final Map<String, String> nodes = new HashMap<>();

  /**
   * @param off true: every name is the ID ({@code --no-resolve})
   */
  public NameResolver(ApiClient api, boolean off) {
    this.api = api;
    this.off = off;
  }

  public String service(String id) {
    return services.computeIfAbsent(
        id, i -> ask(Paths.SERVICES, i, tree -> tree.path("Spec").path("Name").asText()));
  }

  public String node(String id) {
    return nodes.computeIfAbsent(
        id,
        i ->
            ask(
                Paths.NODES,
                i,
                tree -> {
                  String name = tree.path("Spec").path("Name").asText();
                  return name.isEmpty() ? tree.path("Description").path("Hostname").asText() : name;
                }));
  }

  private String ask(String path, String id, java.util.function.Function<JsonNode, String> name) {
    if (off || id.isEmpty()) {
      return id;
    }
    try {
      String found = name.apply(api.getTree(path + "/" + ApiClient.encode(id)));
      return found.isEmpty() ? id : found;
    } catch (ApiFailure e) {
      return id;
    }
  }
}
