package io.meshd.daemon.state;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import org.jspecify.annotations.Nullable;

/**
 * With what a service's image is pulled: credentials for its registry, as Docker's clients send
 * them. They are secret: nothing prints them, and a node is told those of its own tasks alone
 * ({@link RegistryAuths}).
 *
 * @param header the value of {@code X-Registry-Auth}: a JSON object in base64url; empty for none
 */
public record RegistryAuth(@JsonValue String header) {
  /** Takes away what there was. */
  public static final RegistryAuth NONE = new RegistryAuth("");

  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public RegistryAuth {}

  /** As it is kept. */
  @Nullable RegistryAuth orNull() {
    return header.isEmpty() ? null : this;
  }

  @Override
  public String toString() {
    return "RegistryAuth[...]";
  }
}
