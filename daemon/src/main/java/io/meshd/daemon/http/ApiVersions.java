package io.meshd.daemon.http;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The versions of the API that are served: two numbers each, 1.24 and 1.47. */
record ApiVersions(String oldest, String newest) {

  private static final Pattern PREFIX = Pattern.compile("/v([0-9]+(?:\\.[0-9]+)*)(/.*)");

  /** A request's target without its version, which is null when it named none. */
  record Target(String path, @Nullable String version) {}

  /**
   * Takes a {@code /vX.Y} off the path.
   *
   * @throws ApiException 400 in Docker's words for a version that is not served
   */
  Target split(String path) {
    Matcher matcher = PREFIX.matcher(path);
    if (!matcher.matches()) {
      return new Target(path, null);
    }
    String version = matcher.group(1);
    if (compare(version, oldest) < 0) {
      throw new ApiException(
          400,
          "client version %s is too old. Minimum supported API version is %s, please upgrade your client to a newer version"
              .formatted(version, oldest));
    }
    if (compare(version, newest) > 0) {
      throw new ApiException(
          400,
          "client version %s is too new. Maximum supported API version is %s"
              .formatted(version, newest));
    }
    return new Target(matcher.group(2), version);
  }

  /** Number by number; a missing one counts as 0. */
  static int compare(String a, String b) {
    String[] left = a.split("\\.", -1);
    String[] right = b.split("\\.", -1);
    for (int i = 0; i < Math.max(left.length, right.length); i++) {
      int order = Long.compare(part(left, i), part(right, i));
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  private static long part(String[] parts, int i) {
    if (i >= parts.length) {
      return 0;
    }
    return parts[i].length() > 9 ? Long.MAX_VALUE : Long.parseLong(parts[i]);
  }
}
