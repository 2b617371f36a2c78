package io.meshd.cli.registry;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.cli.grammar.Failure;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The logins of {@code docker login}: those in {@code config.json}, below {@code $DOCKER_CONFIG} or
 * {@code ~/.docker}, or those of the program that it names for a registry ({@code credHelpers}) or
 * for all of them ({@code credsStore}).
 */
public final class RegistryLogins {
  private static final String DEFAULT_REGISTRY = "docker.io";

  /** Under which Docker has always kept the login for its own registry. */
  private static final String DEFAULT_KEY = "https://index.docker.io/v1/";

  private final JsonNode config;
  private final Map<String, String> environment;

  private RegistryLogins(JsonNode config, Map<String, String> environment) {
    this.config = config;
    this.environment = environment;
  }

  /**
   * @param environment the user's: HOME, DOCKER_CONFIG and PATH are read, helpers get all of it
   * @param warn takes a line where the file cannot be read; there are no logins then
   */
  public static RegistryLogins read(Map<String, String> environment, Consumer<String> warn) {
    Path file = folder(environment).resolve("config.json");
    JsonNode config = Json.MAPPER.createObjectNode();
    try {
      if (Files.exists(file)) {
        config = Json.MAPPER.readTree(Files.readAllBytes(file));
      }
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      warn.accept(
          "WARNING: Error loading config file: parsing config file (%s): it is no JSON, at line %d"
              .formatted(file, e.getLocation() == null ? 1 : e.getLocation().getLineNr()));
    } catch (IOException e) {
      warn.accept(
          "WARNING: Error loading config file: open %s: %s".formatted(file, e.getMessage()));
    }
    return new RegistryLogins(config, environment);
  }

  private static Path folder(Map<String, String> environment) {
    String chosen = environment.getOrDefault("DOCKER_CONFIG", "");
    if (!chosen.isEmpty()) {
      return Path.of(chosen);
    }
    String home = environment.getOrDefault("HOME", "");
    return Path.of(home.isEmpty() ? System.getProperty("user.home") : home, ".docker");
  }

  /**
   * What a pull of the image is sent with, the value of {@code X-Registry-Auth}; also where there
   * is no login, as what is sent takes the place of what was sent before.
   *
   * @throws Failure in Docker's words, where there is one and it cannot be had
   */
  public String header(String image) {
    String registry = registry(image);
    String key = registry.equals(DEFAULT_REGISTRY) ? DEFAULT_KEY : registry;
    Login inFile = inFile(key);
    String helper = config.path("credHelpers").path(key).asText("");
    if (helper.isEmpty()) {
      helper = config.path("credsStore").asText("");
    }
    Login login =
        helper.isEmpty() ? inFile : new CredentialHelper(helper, environment).get(key, inFile);
    return login.header();
  }

  /** The part of an image's name before the first slash, where it can be a host's. */
  private static String registry(String image) {
    int slash = image.indexOf('/');
    String first = slash < 0 ? "" : image.substring(0, slash);
    boolean host =
        first.contains(".")
            || first.contains(":")
            || first.equals("localhost")
            || !first.equals(first.toLowerCase(java.util.Locale.ROOT));
    return !host || first.equals("index.docker.io") ? DEFAULT_REGISTRY : first;
  }

  private Login inFile(String key) {
    JsonNode auths = config.path("auths");
    if (auths.has(key)) {
      return login(key, auths.path(key));
    }
    // Older clients wrote a URL.
    for (Map.Entry<String, JsonNode> each : auths.properties()) {
      if (key.equals(host(each.getKey()))) {
        return login(each.getKey(), each.getValue());
      }
    }
    return Login.NONE;
  }

  private static @Nullable String host(String written) {
    try {
      URI uri = written.contains("://") ? URI.create(written) : null;
      if (uri != null && uri.getHost() != null) {
        return uri.getPort() < 0 ? uri.getHost() : uri.getHost() + ":" + uri.getPort();
      }
    } catch (IllegalArgumentException _) {
      // as it stands
    }
    return written.replaceFirst("/.*", "");
  }

  private static Login login(String address, JsonNode entry) {
    String user = entry.path("username").asText("");
    String password = entry.path("password").asText("");
    String both = entry.path("auth").asText("");
    if (!both.isEmpty()) {
      String decoded = decoded(both);
      int colon = decoded.indexOf(':');
      if (colon <= 0) {
        throw new Failure("invalid auth configuration file");
      }
      user = decoded.substring(0, colon);
      // Some writers end it with a zero byte.
      password = decoded.substring(colon + 1).replaceAll("^\0+|\0+$", "");
    }
    return new Login(
        user,
        password,
        entry.path("email").asText(""),
        address,
        entry.path("identitytoken").asText(""),
        entry.path("registrytoken").asText(""));
  }

  private static String decoded(String base64) {
    try {
      return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException _) {
      throw new Failure("invalid auth configuration file");
    }
  }
}
