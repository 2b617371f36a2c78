package io.meshd.cli.service;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.api.Paths;
import io.meshd.api.Services;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.http.ApiClient;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Read a service, change its spec, send it back against the version that was read. */
final class ServiceUpdates {
  private static final int ATTEMPTS = 5;

  private final ApiClient api;

  ServiceUpdates(ApiClient api) {
    this.api = api;
  }

  /** What {@code GET /services/{id}} says, and where its spec can be changed. */
  record Loaded(String id, long version, SpecTree spec) {}

  Loaded load(String reference) {
    JsonNode service = api.getTree(Paths.SERVICES + "/" + ApiClient.encode(reference));
    if (!(service.path("Spec") instanceof ObjectNode spec)) {
      throw new Failure("service " + reference + " has no spec");
    }
    return new Loaded(
        service.path("ID").asText(),
        service.path("Version").path("Index").asLong(),
        new SpecTree(spec.deepCopy()));
  }

  /** Returns the daemon's warnings. */
  List<String> send(Loaded service, String parameters) {
    return send(service, parameters, Map.of());
  }

  /** The same with headers. */
  List<String> send(Loaded service, String parameters, Map<String, String> headers) {
    String path =
        "%s/%s/update?version=%d%s"
            .formatted(Paths.SERVICES, ApiClient.encode(service.id), service.version, parameters);
    List<String> warnings =
        api.post(path, headers, service.spec.root(), Services.UpdateResponse.class).warnings();
    return warnings == null ? List.of() : warnings;
  }

  /** As one step: when somebody else changed the service in between, it is read again. */
  List<String> change(String reference, Consumer<SpecTree> change) {
    for (int attempt = 1; ; attempt++) {
      Loaded service = load(reference);
      change.accept(service.spec());
      try {
        return send(service, "");
      } catch (Failure e) {
        if (attempt == ATTEMPTS || !e.text().contains("update out of sequence")) {
          throw e;
        }
      }
    }
  }
}
