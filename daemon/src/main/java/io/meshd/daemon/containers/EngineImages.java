package io.meshd.daemon.containers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import io.meshd.api.Json;
import io.meshd.daemon.engine.EngineAnswer;
import io.meshd.daemon.http.ApiException;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The Engine's images: what is there is used as it is, what is not is pulled. */
final class EngineImages {
  private static final Logger LOG = LoggerFactory.getLogger(EngineImages.class);
  private static final Duration PULL = Duration.ofMinutes(30);
  private static final String REGISTRY_AUTH = "X-Registry-Auth";

  private final EngineCalls calls;

  EngineImages(EngineCalls calls) {
    this.calls = calls;
  }

  /**
   * Has the image be there.
   *
   * @param image name with tag or digest
   * @param registryAuth the value of {@code X-Registry-Auth} to pull it with, or null; secret
   * @throws RefusedException {@code No such image}, when it is not and cannot be pulled
   */
  void ensure(String image, @Nullable String registryAuth) throws IOException {
    if (has(image)) {
      return;
    }
    String why = pull(image, registryAuth);
    if (!has(image)) {
      LOG.info("image {} cannot be pulled: {}", image, why);
      throw new RefusedException(404, "No such image: " + image);
    }
  }

  private boolean has(String image) throws IOException {
    try {
      var _ = calls.get("/images/" + image + "/json");
      return true;
    } catch (RefusedException e) {
      if (e.notFound()) {
        return false;
      }
      throw e;
    }
  }

  /** What kept it from being pulled, or the last that was said. */
  private String pull(String image, @Nullable String registryAuth) throws IOException {
    String path =
        "/images/create?fromImage="
            + EngineCalls.encoded(name(image))
            + "&tag="
            + EngineCalls.encoded(tag(image));
    String said = "";
    Map<String, String> headers =
        registryAuth == null ? Map.of() : Map.of(REGISTRY_AUTH, registryAuth);
    try (EngineAnswer answer = calls.engine().ask("POST", path, null, headers, PULL)) {
      if (!answer.ok()) {
        var _ = answer.json();
      }
      try (MappingIterator<JsonNode> each =
          Json.MAPPER.readerFor(JsonNode.class).readValues(answer.body())) {
        while (each.hasNextValue()) {
          JsonNode line = each.nextValue();
          said = line.path("error").asText(line.path("status").asText());
        }
      }
    } catch (ApiException e) {
      said = e.text();
    }
    return said;
  }

  /** Without tag and digest. */
  private static String name(String image) {
    String plain = image.replaceFirst("@.*", "");
    int colon = plain.lastIndexOf(':');
    return colon > plain.lastIndexOf('/') ? plain.substring(0, colon) : plain;
  }

  /** The digest, else the tag, else the one that is meant; without any all would be pulled. */
  static String tag(String image) {
    int at = image.indexOf('@');
    if (at >= 0) {
      return image.substring(at + 1);
    }
    int colon = image.lastIndexOf(':');
    return colon > image.lastIndexOf('/') ? image.substring(colon + 1) : "latest";
  }
}
