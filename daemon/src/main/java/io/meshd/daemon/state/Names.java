package io.meshd.daemon.state;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Names of services, networks and endpoints (swarmkit manager/controlapi/common.go). */
final class Names {
  private Names() {}

  private static final Pattern DNS_NAME =
      Pattern.compile("^[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*$", Pattern.DOTALL);
  private static final int MAX_LENGTH = 63;

  static void check(@Nullable String name) {
    if (name == null || name.isEmpty()) {
      throw Refusal.invalid("meta: name must be provided");
    }
    // Before the pattern: a hostile name of great length would make it backtrack.
    if (name.length() > MAX_LENGTH) {
      throw Refusal.invalid(
          DNS_NAME.matcher(name.substring(0, MAX_LENGTH)).matches()
                  || name.chars().allMatch(c -> c > ' ' && c < 127)
              ? "name must be 63 characters or fewer"
              : "name must be valid as a DNS name component");
    }
    if (!DNS_NAME.matcher(name).matches()) {
      throw Refusal.invalid("name must be valid as a DNS name component");
    }
  }
}
