package io.meshd.daemon.engine;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/** The API's versions that an Engine speaks: two numbers each, 1.24 and 1.41. */
public record EngineVersion(
    @JsonProperty("MinAPIVersion") String oldest, @JsonProperty("ApiVersion") String newest) {

  /**
   * The path for the Engine: in the version that was asked for where it speaks that, else in the
   * nearest that it speaks.
   *
   * @param version as the client asked, or null for none
   */
  String path(@Nullable String version, String path) {
    if (version == null) {
      return path;
    }
    String spoken = version;
    if (compare(version, oldest) < 0) {
      spoken = oldest;
    } else if (compare(version, newest) > 0) {
      spoken = newest;
    }
    return "/v" + spoken + path;
  }

  /** The lower one. */
  public static String lower(String a, String b) {
    return compare(a, b) <= 0 ? a : b;
  }

  private static int compare(String a, String b) {
    int order = Integer.compare(part(a, 0), part(b, 0));
    return order != 0 ? order : Integer.compare(part(a, 1), part(b, 1));
  }

  private static int part(String version, int i) {
    String[] parts = version.split("\\.", -1);
    return i < parts.length && parts[i].matches("[0-9]{1,6}") ? Integer.parseInt(parts[i]) : 0;
  }
}
