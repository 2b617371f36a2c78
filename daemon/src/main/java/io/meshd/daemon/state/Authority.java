package io.meshd.daemon.state;

import org.jspecify.annotations.Nullable;

/**
 * The cluster's certificate authority, PEM throughout.
 *
 * @param root certificate that every node trusts
 * @param key of the root, PKCS #8; known to managers only, null in what other nodes are sent
 * @param next the authority that is about to replace this one, or null while none is
 */
public record Authority(String root, @Nullable String key, @Nullable Next next) {

  /**
   * @param crossSigned the new root's key, signed by the old root: whoever trusts only the old one
   *     takes certificates of the new one by it
   */
  public record Next(String root, @Nullable String key, String crossSigned) {}

  Authority withoutKeys() {
    return new Authority(
        root, null, next == null ? null : new Next(next.root, null, next.crossSigned));
  }
}
