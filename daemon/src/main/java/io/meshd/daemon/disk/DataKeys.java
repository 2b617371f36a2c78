package io.meshd.daemon.disk;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The keys under which a node seals what it keeps on its disk: its own, drawn by itself and told
 * nobody. The newest one seals; those before open what was sealed with them.
 *
 * <pre>
 *  0         4        16
 *  +---------+--------+-------------------+-----+
 *  | key's   | nonce, | AES-256-GCM       | tag |
 *  | number  | random | (SP 800-38D)      | 16  |
 *  +---------+--------+-------------------+-----+
 * </pre>
 *
 * <p>Nonces are 96 random bits, so a key is good for 2^32 pieces: at a thousand a second, 49 days
 * of nothing else. A key's number is of its SHA-256. What a piece is ({@code kind}) is
 * authenticated with it, so that one is not taken for another.
 *
 * <p>Thread-safe.
 */
public final class DataKeys {
  /** What is added to each piece. */
  public static final int OVERHEAD_BYTES = 32;

  private static final int KEY_BYTES = 32;
  private static final int NONCE_BYTES = 12;
  private static final int HEADER_BYTES = 4 + NONCE_BYTES;
  private static final int TAG_BITS = 128;
  private static final SecureRandom RANDOM = new SecureRandom();

  private volatile List<Key> ring;

  /** What a key opens is not here. */
  public static final class UnknownKeyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnknownKeyException() {
      super("it is sealed with a key that this node does not have");
    }
  }

  private record Key(int number, SecretKeySpec secret) {
    static Key of(byte[] bytes) {
      try {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
        return new Key(ByteBuffer.wrap(digest).getInt(), new SecretKeySpec(bytes, "AES"));
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e); // every Java has it
      }
    }

    static Key drawn() {
      byte[] bytes = new byte[KEY_BYTES];
      RANDOM.nextBytes(bytes);
      return of(bytes);
    }
  }

  private DataKeys(List<Key> ring) {
    this.ring = List.copyOf(ring);
  }

  /** One key that nobody has seen. */
  public static DataKeys drawn() {
    return new DataKeys(List.of(Key.drawn()));
  }

  /**
   * @param encoded as {@link #encoded} gave it
   * @throws IllegalArgumentException when it is no whole number of keys
   */
  public static DataKeys of(byte[] encoded) {
    if (encoded.length == 0 || encoded.length % KEY_BYTES != 0) {
      throw new IllegalArgumentException("no data keys in " + encoded.length + " bytes");
    }
    List<Key> keys = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(encoded);
    while (in.hasRemaining()) {
      byte[] bytes = new byte[KEY_BYTES];
      in.get(bytes);
      keys.add(Key.of(bytes));
    }
    return new DataKeys(keys);
  }

  /** All keys, the newest first; secret. */
  public byte[] encoded() {
    List<Key> now = ring;
    ByteBuffer out = ByteBuffer.allocate(now.size() * KEY_BYTES);
    now.forEach(key -> out.put(key.secret.getEncoded()));
    return out.array();
  }

  /** The same keys with a new one before them. */
  public DataKeys withNew() {
    List<Key> next = new ArrayList<>(List.of(Key.drawn()));
    next.addAll(ring);
    return new DataKeys(next);
  }

  /** Seals with another's keys from now on: the next ones, once they are on the disk. */
  public void become(DataKeys next) {
    ring = next.ring;
  }

  /** {@code kind}: what it is, the same at {@link #open}. */
  public byte[] seal(String kind, byte[] clear) {
    Key key = ring.getFirst();
    byte[] nonce = new byte[NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    try {
      byte[] closed = cipher(Cipher.ENCRYPT_MODE, key, nonce, kind).doFinal(clear);
      return ByteBuffer.allocate(HEADER_BYTES + closed.length)
          .putInt(key.number)
          .put(nonce)
          .put(closed)
          .array();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JVM cannot seal", e);
    }
  }

  /**
   * @throws UnknownKeyException when none of the keys has sealed it
   * @throws IllegalArgumentException when it was changed, or is of another kind
   */
  public byte[] open(String kind, byte[] sealed) {
    if (sealed.length < OVERHEAD_BYTES) {
      throw new IllegalArgumentException("a sealed piece of " + sealed.length + " bytes");
    }
    int number = ByteBuffer.wrap(sealed).getInt();
    byte[] nonce = new byte[NONCE_BYTES];
    ByteBuffer.wrap(sealed).get(4, nonce);
    Key key =
        ring.stream()
            .filter(each -> each.number == number)
            .findFirst()
            .orElseThrow(UnknownKeyException::new);
    try {
      return cipher(Cipher.DECRYPT_MODE, key, nonce, kind)
          .doFinal(sealed, HEADER_BYTES, sealed.length - HEADER_BYTES);
    } catch (AEADBadTagException e) {
      throw new IllegalArgumentException("a sealed piece was changed", e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JVM cannot open what is sealed", e);
    }
  }

  private static Cipher cipher(int mode, Key key, byte[] nonce, String kind)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key.secret, new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(kind.getBytes(StandardCharsets.US_ASCII));
    return cipher;
  }
}
