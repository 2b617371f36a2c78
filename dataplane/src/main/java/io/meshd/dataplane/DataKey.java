package io.meshd.dataplane;

import java.security.MessageDigest;
import java.util.Arrays;

/**
 * A key of the cluster's, from which those of encrypted networks are derived; it is never shown.
 */
public final class DataKey {
  public static final int LENGTH = 32;

  private final byte[] secret;

  /**
   * @param secret 32 random bytes
   */
  public DataKey(byte[] secret) {
    if (secret.length != LENGTH) {
      throw new IllegalArgumentException("a data key has 32 bytes, not " + secret.length);
    }
    this.secret = secret.clone();
  }

  public byte[] secret() {
    return secret.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof DataKey key && MessageDigest.isEqual(secret, key.secret);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(secret);
  }

  @Override
  public String toString() {
    return "DataKey";
  }
}
