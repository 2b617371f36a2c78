package io.meshd.daemon.security;

import io.meshd.daemon.disk.DataKeys;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import org.jspecify.annotations.Nullable;

/**
 * A node's keys as they stand in {@code node.pem}, with the certificate: in clear as {@code PRIVATE
 * KEY} and {@code MESHD DATA KEYS}, or both in one block {@code MESHD LOCKED KEYS} that opens with
 * the unlock key alone (length of the private key, that, the data keys; sealed as {@link DataKeys}
 * seals, with what follows from the unlock key).
 */
final class NodeKeyFile {
  private static final String DATA_KEYS = "MESHD DATA KEYS";
  private static final String LOCKED = "MESHD LOCKED KEYS";
  private static final String KIND = "node keys";

  private NodeKeyFile() {}

  /** Null for keys that an older version kept: there were no data keys. */
  record Keys(PrivateKey own, @Nullable DataKeys data) {}

  /** {@code lock}: null for a file in clear. */
  static String text(
      PrivateKey own, DataKeys data, X509Certificate certificate, @Nullable UnlockKey lock) {
    String keys;
    if (lock == null) {
      keys = Pem.of(own) + Pem.block(DATA_KEYS, data.encoded());
    } else {
      byte[] first = own.getEncoded();
      byte[] second = data.encoded();
      byte[] both =
          ByteBuffer.allocate(4 + first.length + second.length)
              .putInt(first.length)
              .put(first)
              .put(second)
              .array();
      keys = Pem.block(LOCKED, DataKeys.of(lock.derived()).seal(KIND, both));
    }
    return keys + Pem.of(certificate);
  }

  static boolean isLocked(String text) {
    return Pem.has(LOCKED, text);
  }

  /**
   * @throws IOException in words when the file in clear cannot be read
   */
  static Keys inClear(String text) throws IOException {
    return new Keys(
        Pem.privateKey(text),
        Pem.has(DATA_KEYS, text) ? DataKeys.of(Pem.content(DATA_KEYS, text)) : null);
  }

  /** Null where that is not the key. */
  static @Nullable Keys unlocked(String text, UnlockKey key) throws IOException {
    byte[] both;
    try {
      both = DataKeys.of(key.derived()).open(KIND, Pem.content(LOCKED, text));
    } catch (DataKeys.UnknownKeyException | IllegalArgumentException _) {
      return null;
    }
    try {
      ByteBuffer in = ByteBuffer.wrap(both);
      byte[] first = new byte[in.getInt()];
      in.get(first);
      byte[] second = new byte[in.remaining()];
      in.get(second);
      return new Keys(Pem.ecPrivateKey(first), DataKeys.of(second));
    } catch (BufferUnderflowException | NegativeArraySizeException e) {
      throw new IOException("the locked keys cannot be read", e);
    }
  }
}
