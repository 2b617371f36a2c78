package io.meshd.gossip.wire;

import io.meshd.gossip.wire.WireException.Reason;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The cluster's gossip keys (memberlist security.go). The first encrypts; each is tried on what
 * comes in, so that keys can be rotated one node after the other. Immutable.
 *
 * <pre>
 * +---------+--------------+------------------------+--------+
 * | version | nonce (12 B) | AES-GCM of the message | tag    |
 * | 0 or 1  |              |                        | (16 B) |
 * +---------+--------------+------------------------+--------+
 * </pre>
 *
 * <p>Version 0 pads the message as PKCS#7 does; it is read and never written.
 */
public final class KeyRing {
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BYTES = 16;
  private static final int HEADER_BYTES = 1 + NONCE_BYTES;
  private static final int AES_BLOCK_BYTES = 16;

  /** What encryption adds to a message. */
  static final int OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES;

  private static final SecureRandom RANDOM = new SecureRandom();

  private final List<SecretKeySpec> keys;

  private KeyRing(List<SecretKeySpec> keys) {
    this.keys = keys;
  }

  /**
   * A ring.
   *
   * @param keys at least one, the primary first; 16, 24 or 32 bytes each
   */
  public static KeyRing of(List<Bytes> keys) {
    if (keys.isEmpty()) {
      throw new IllegalArgumentException("a key ring holds at least one key");
    }
    for (Bytes key : keys) {
      if (key.length() != 16 && key.length() != 24 && key.length() != 32) {
        throw new IllegalArgumentException("a key has 16, 24 or 32 bytes, not " + key.length());
      }
    }
    return new KeyRing(keys.stream().map(key -> new SecretKeySpec(key.array(), "AES")).toList());
  }

  byte[] encrypt(byte[] message, byte[] associated) {
    byte[] nonce = new byte[NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    return encrypt(message, associated, nonce);
  }

  /** With a nonce of the caller's, which must never come twice. */
  byte[] encrypt(byte[] message, byte[] associated, byte[] nonce) {
    try {
      Cipher cipher = cipher(Cipher.ENCRYPT_MODE, keys.getFirst(), nonce, 0, associated);
      byte[] sealed = Arrays.copyOf(new byte[] {1}, OVERHEAD_BYTES + message.length);
      System.arraycopy(nonce, 0, sealed, 1, NONCE_BYTES);
      cipher.doFinal(message, 0, message.length, sealed, HEADER_BYTES);
      return sealed;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM is part of every JDK", e);
    }
  }

  byte[] decrypt(byte[] sealed, byte[] associated) throws WireException {
    if (sealed.length < OVERHEAD_BYTES) {
      throw new WireException(Reason.TRUNCATED, "shorter than an encrypted nothing");
    }
    int version = sealed[0];
    if (version != 0 && version != 1) {
      throw new WireException(Reason.NOT_DECRYPTED, "encryption version " + (version & 0xff));
    }
    for (SecretKeySpec key : keys) {
      try {
        byte[] message =
            cipher(Cipher.DECRYPT_MODE, key, sealed, 1, associated)
                .doFinal(sealed, HEADER_BYTES, sealed.length - HEADER_BYTES);
        return version == 0 ? unpad(message) : message;
      } catch (AEADBadTagException e) {
        // Not this key.
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("AES-GCM is part of every JDK", e);
      }
    }
    throw new WireException(Reason.NOT_DECRYPTED, "by none of " + keys.size() + " keys");
  }

  private static Cipher cipher(
      int mode, SecretKeySpec key, byte[] nonce, int offset, byte[] associated)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(8 * TAG_BYTES, nonce, offset, NONCE_BYTES));
    cipher.updateAAD(associated);
    return cipher;
  }

  private static byte[] unpad(byte[] padded) throws WireException {
    int pad = padded.length == 0 ? 0 : padded[padded.length - 1] & 0xff;
    if (pad < 1 || pad > AES_BLOCK_BYTES || pad > padded.length) {
      throw new WireException(Reason.NOT_DECRYPTED, "padding of " + pad + " bytes");
    }
    return Arrays.copyOf(padded, padded.length - pad);
  }
}
