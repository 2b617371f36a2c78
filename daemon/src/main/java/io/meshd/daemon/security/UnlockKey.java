package io.meshd.daemon.security;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.KDF;
import javax.crypto.spec.HKDFParameterSpec;
import org.jspecify.annotations.Nullable;

/**
 * What a manager's keys are locked with: {@code SWMKEY-1-} and 32 bytes as base 64 without padding
 * (swarmkit manager/encryption).
 */
public final class UnlockKey {
  private static final String PREFIX = "SWMKEY-1-";
  private static final int BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final byte[] bytes;

  private UnlockKey(byte[] bytes) {
    this.bytes = bytes;
  }

  public static UnlockKey drawn() {
    byte[] bytes = new byte[BYTES];
    RANDOM.nextBytes(bytes);
    return new UnlockKey(bytes);
  }

  /**
   * @throws IllegalArgumentException in Swarm's words when the text is none
   */
  public static UnlockKey parse(String text) {
    try {
      if (text.startsWith(PREFIX)) {
        byte[] bytes = Base64.getDecoder().decode(text.substring(PREFIX.length()));
        if (bytes.length == BYTES) {
          return new UnlockKey(bytes);
        }
      }
    } catch (IllegalArgumentException _) {
      // not base 64: as any other text that is none
    }
    throw new IllegalArgumentException("invalid key string");
  }

  /** The key that locks, 32 bytes: HKDF-SHA256 (RFC 5869). */
  byte[] derived() {
    try {
      return KDF.getInstance("HKDF-SHA256")
          .deriveData(
              HKDFParameterSpec.ofExtract()
                  .addIKM(bytes)
                  .thenExpand("meshd node keys".getBytes(StandardCharsets.US_ASCII), BYTES));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JVM has no HKDF", e);
    }
  }

  /** As it is shown and typed; secret. */
  @Override
  public String toString() {
    return PREFIX + Base64.getEncoder().withoutPadding().encodeToString(bytes);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof UnlockKey key && Arrays.equals(bytes, key.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }
}
