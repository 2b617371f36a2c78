package io.meshd.daemon.security;

import org.jspecify.annotations.Nullable;

/** What a certificate lets its node do (swarmkit ca/certificates.go). */
public enum NodeRole {
  WORKER("worker"),
  MANAGER("manager");

  private final String word;

  NodeRole(String word) {
    this.word = word;
  }

  /** The word of the API. */
  public String word() {
    return word;
  }

  /** The certificate's OU. */
  public String unit() {
    return "swarm-" + word;
  }

  /** Null for a unit that is no role. */
  static @Nullable NodeRole ofUnit(@Nullable String unit) {
    for (NodeRole role : values()) {
      if (role.unit().equals(unit)) {
        return role;
      }
    }
    return null;
  }
}
