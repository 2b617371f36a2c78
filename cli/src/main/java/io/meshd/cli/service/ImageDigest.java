package io.meshd.cli.service;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.cli.http.ApiClient;
import io.meshd.cli.http.ApiFailure;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * What an image's name stands for in its registry now, so that every node runs the same: Docker's
 * clients ask the daemon for it before they create a service, and go on with a warning where the
 * registry does not say.
 */
final class ImageDigest {
  private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");

  private final ApiClient api;
  private final Map<String, String> headers;
  private final Consumer<String> warn;

  /**
   * @param headers {@link ServiceFlags#registryAuth}
   * @param warn takes the warning, in Docker's words
   */
  ImageDigest(ApiClient api, Map<String, String> headers, Consumer<String> warn) {
    this.api = api;
    this.headers = headers;
    this.warn = warn;
  }

  /** Writes it into the spec, which names an image. */
  void pin(SpecTree spec) {
    ObjectNode container = spec.container();
    String image = container.path("Image").asText("");
    if (image.isEmpty() || image.contains("@")) {
      return;
    }
    try {
      JsonNode known = api.getTree("/distribution/" + image + "/json", headers);
      String digest = known.path("Descriptor").path("digest").asText("");
      if (DIGEST.matcher(digest).matches()) {
        container.put("Image", image + "@" + digest);
        JsonNode platforms = known.path("Platforms");
        if (!platforms.isEmpty()) {
          spec.placement().set("Platforms", platforms);
        }
      }
    } catch (ApiFailure _) {
      warn.accept(
          """
          image %1$s could not be accessed on a registry to record
          its digest. Each node will access %1$s independently,
          possibly leading to different nodes running different
          versions of the image.
          """
              .formatted(image));
    }
  }

  /** With the tag that is meant where there is none, as Docker's clients write it. */
  static String tagged(String image) {
    boolean plain = !image.contains("@") && image.indexOf(':', image.lastIndexOf('/') + 1) < 0;
    return plain ? image + ":latest" : image;
  }
}
