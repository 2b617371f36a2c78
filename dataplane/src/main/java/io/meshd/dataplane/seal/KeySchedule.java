package io.meshd.dataplane.seal;

import io.meshd.dataplane.DataKey;
import io.meshd.dataplane.sys.AesGcm;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import javax.crypto.KDF;
import javax.crypto.SecretKey;
import javax.crypto.spec.HKDFParameterSpec;

/**
 * What is derived from one of the cluster's data keys, by HKDF-SHA256 (RFC 5869): salt "meshd data
 * key 1", and as info
 *
 * <pre>
 * "frames 1" | VNI, 4 bytes | sender's VTEP, 4 | receiver's VTEP, 4 | epoch, 8:  key and IV, 44 bytes
 * "id 1":                                                                        key ID, 1 byte
 * </pre>
 *
 * all numbers with the highest byte first. So each direction between two nodes has a key of its own
 * on each network, and with every epoch another one. Immutable.
 */
final class KeySchedule {
  private static final byte[] SALT = ascii("meshd data key 1");
  private static final byte[] FRAMES = ascii("frames 1");
  private static final byte[] ID = ascii("id 1");
  private static final int INFO_LENGTH = FRAMES.length + 3 * Integer.BYTES + Long.BYTES;

  private final SecretKey extracted;
  private final int id;

  KeySchedule(DataKey key) {
    byte[] secret = key.secret();
    extracted = extract(SALT, secret);
    Arrays.fill(secret, (byte) 0);
    id = expand(extracted, ID, 1)[0] & 0xff;
  }

  /** 8 bits that tell it from others of its ring, most of the time. */
  int id() {
    return id;
  }

  /**
   * @param vni 24 bits
   * @param sender address, first byte highest, as is {@code receiver}
   * @param epoch 56 bits
   * @return as {@link AesGcm#key} takes it
   */
  byte[] frames(int vni, int sender, int receiver, long epoch) {
    byte[] info =
        ByteBuffer.allocate(INFO_LENGTH)
            .put(FRAMES)
            .putInt(vni)
            .putInt(sender)
            .putInt(receiver)
            .putLong(epoch)
            .array();
    return expand(extracted, info, AesGcm.KEY_LENGTH + AesGcm.IV_LENGTH);
  }

  static SecretKey extract(byte[] salt, byte[] secret) {
    try {
      return hkdf()
          .deriveKey(
              "HKDF-PRK", HKDFParameterSpec.ofExtract().addIKM(secret).addSalt(salt).extractOnly());
    } catch (InvalidAlgorithmParameterException | NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  static byte[] expand(SecretKey extracted, byte[] info, int length) {
    try {
      return hkdf().deriveData(HKDFParameterSpec.expandOnly(extracted, info, length));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // every Java 25 has it
    }
  }

  private static KDF hkdf() throws NoSuchAlgorithmException {
    return KDF.getInstance("HKDF-SHA256");
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
