package io.meshd.daemon.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.api.Json;
import io.meshd.daemon.control.LeaderForwarder;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.JsonBody;
import io.meshd.daemon.state.RegistryAuth;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The credentials that a client sends with a service: Docker's header {@code X-Registry-Auth}. */
final class RegistryAuthHeader {
  /** Without any of these it says nothing of who asks. */
  private static final List<String> SECRETS =
      List.of("username", "password", "auth", "identitytoken", "registrytoken");

  private RegistryAuthHeader() {}

  /**
   * What is to be kept, {@link RegistryAuth#NONE} where the client knows of no credentials, null
   * where it says nothing.
   *
   * @throws ApiException 400 for what no Engine could pull with
   */
  static @Nullable RegistryAuth of(Exchange exchange) {
    String header = exchange.header(LeaderForwarder.REGISTRY_AUTH);
    if (header == null || header.isEmpty()) {
      return null;
    }
    ObjectNode sent = decoded(header);
    boolean any =
        SECRETS.stream().anyMatch(name -> !JsonBody.field(sent, name).asText("").isEmpty());
    return any ? new RegistryAuth(header) : RegistryAuth.NONE;
  }

  /** What is in it is in no error: it is secret, also where it cannot be read. */
  private static ObjectNode decoded(String header) {
    try {
      JsonNode tree = Json.MAPPER.readTree(Base64.getUrlDecoder().decode(header));
      if (tree instanceof ObjectNode object) {
        return object;
      }
    } catch (IllegalArgumentException | IOException _) {
      // said below
    }
    throw new ApiException(
        400, "invalid X-Registry-Auth header: it is no JSON object in base64url");
  }
}
