package io.meshd.daemon.rest;

import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.TaskRecord;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Finds things as Docker does: by ID, else by name, else by the only ID with that prefix. */
final class Lookup {
  private Lookup() {}

  /** As a segment of a path. */
  static String encoded(String reference) {
    return URLEncoder.encode(reference, StandardCharsets.UTF_8).replace("+", "%20");
  }

  static NetworkRecord network(ClusterState state, String reference) {
    return find("network", state.networks(), NetworkRecord::name, reference);
  }

  static ServiceRecord service(ClusterState state, String reference) {
    return find("service", state.services(), ServiceRecord::name, reference);
  }

  static NodeRecord node(ClusterState state, String reference) {
    return find("node", state.nodes(), NodeRecord::hostname, reference);
  }

  static TaskRecord task(ClusterState state, String reference) {
    return find("task", state.tasks(), TaskRecord::name, reference);
  }

  /**
   * @param noun for the message
   * @throws ApiException 404 {@code service x not found}, 400 {@code service x is ambiguous}
   */
  static <T> T find(String noun, Map<String, T> byId, Function<T, String> name, String reference) {
    T exact = byId.get(reference);
    if (exact != null) {
      return exact;
    }
    List<T> matches =
        byId.values().stream().filter(value -> name.apply(value).equals(reference)).toList();
    if (matches.isEmpty() && !reference.isEmpty()) {
      matches =
          byId.entrySet().stream()
              .filter(entry -> entry.getKey().startsWith(reference))
              .map(Map.Entry::getValue)
              .toList();
    }
    return switch (matches.size()) {
      case 0 -> throw new ApiException(404, "%s %s not found".formatted(noun, reference));
      case 1 -> matches.getFirst();
      default ->
          throw new ApiException(
              400,
              "%s %s is ambiguous (%d matches found)".formatted(noun, reference, matches.size()));
    };
  }
}
