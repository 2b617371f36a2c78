package io.meshd.cli.registry;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.meshd.api.Json;
import java.util.Base64;

/**
 * What a registry is shown; empty where there is nothing. The names are those of Docker's Engine
 * API, "Authentication".
 *
 * @param identityToken what {@code docker login} got for a password
 * @param registryToken shown to the registry as it is
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
record Login(
    @JsonProperty("username") String username,
    @JsonProperty("password") String password,
    @JsonProperty("email") String email,
    @JsonProperty("serveraddress") String serverAddress,
    @JsonProperty("identitytoken") String identityToken,
    @JsonProperty("registrytoken") String registryToken) {
  static final Login NONE = new Login("", "", "", "", "", "");

  /** As {@code X-Registry-Auth} carries it. */
  String header() {
    return Base64.getUrlEncoder().encodeToString(Json.bytes(this));
  }

  @Override
  public String toString() {
    return "Login[" + serverAddress + "]";
  }
}
