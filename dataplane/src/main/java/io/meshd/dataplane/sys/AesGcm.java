package io.meshd.dataplane.sys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * AES-256-GCM (NIST SP 800-38D) under one key and in one direction, in place, with a tag of 16
 * bytes. The nonce of a message is the key's 12 bytes of IV with the message's number added to its
 * last 8 without carry (exclusive or), as TLS 1.3 makes it (RFC 8446 section 5.3).
 *
 * <p>{@link #seal} and {@link #open} allocate nothing. For one thread at a time; {@link #close}
 * gives back memory of libcrypto's, that the collector does not see.
 */
public final class AesGcm implements AutoCloseable {
  public static final int KEY_LENGTH = 32;
  public static final int IV_LENGTH = 12;
  public static final int TAG_LENGTH = 16;

  private static final ValueLayout.OfLong NETWORK_LONG =
      JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final int NONCE = 0;
  private static final int OUT_LENGTH = 16;
  private static final int KEY = 32;
  private static final int SCRATCH = KEY + KEY_LENGTH;

  private final int encrypt;
  private final MemorySegment scratch = Arena.ofAuto().allocate(SCRATCH, 16);
  private final long nonce = scratch.address() + NONCE;
  private final long outLength = scratch.address() + OUT_LENGTH;
  private long context;
  private long iv;

  private AesGcm(boolean sealing) throws IOException {
    encrypt = sealing ? 1 : 0;
    context = Libcrypto.newContext();
  }

  /** Null where there is what this takes; else what is missing, in words. */
  public static @Nullable String missing() {
    return Libcrypto.missing();
  }

  /**
   * Without a key yet.
   *
   * @throws IOException in words where libcrypto is missing
   */
  public static AesGcm sealing() throws IOException {
    return new AesGcm(true);
  }

  /** Likewise. */
  public static AesGcm opening() throws IOException {
    return new AesGcm(false);
  }

  /**
   * From now on under this key.
   *
   * @param material 32 bytes of key, 12 of IV; not kept
   */
  public void key(byte[] material) {
    if (material.length != KEY_LENGTH + IV_LENGTH) {
      throw new IllegalArgumentException("key and IV take 44 bytes, not " + material.length);
    }
    MemorySegment.copy(material, 0, scratch, JAVA_BYTE, KEY, KEY_LENGTH);
    MemorySegment.copy(material, KEY_LENGTH, scratch, JAVA_BYTE, NONCE, IV_LENGTH);
    iv = scratch.get(NETWORK_LONG, NONCE + Integer.BYTES);
    int keyed = Libcrypto.key(context(), scratch.address() + KEY, encrypt);
    scratch.asSlice(KEY, KEY_LENGTH).fill((byte) 0);
    if (keyed != 1) {
      throw new IllegalStateException("libcrypto takes no AES-256-GCM key");
    }
  }

  /**
   * Encrypts in place and writes the tag behind.
   *
   * @param number of the message, never the same twice under one key
   * @param aad address of what is authenticated only
   * @param data address of {@code length} bytes, with room for {@link #TAG_LENGTH} more behind
   * @return false only when libcrypto fails; what lies at {@code data} must not be used then
   */
  public boolean seal(long number, long aad, int aadLength, long data, int length) {
    long ctx = context();
    scratch.set(NETWORK_LONG, NONCE + Integer.BYTES, iv ^ number);
    return Libcrypto.begin(ctx, nonce) == 1
        && Libcrypto.update(ctx, 0, outLength, aad, aadLength) == 1
        && Libcrypto.update(ctx, data, outLength, data, length) == 1
        && Libcrypto.end(ctx, data + length, outLength) == 1
        && Libcrypto.control(ctx, Libcrypto.CTRL_AEAD_GET_TAG, TAG_LENGTH, data + length) == 1;
  }

  /**
   * Decrypts in place.
   *
   * @param data address of {@code length} bytes, the tag behind them
   * @return whether the tag was right; if not, what lies at {@code data} must not be used
   */
  public boolean open(long number, long aad, int aadLength, long data, int length) {
    long ctx = context();
    scratch.set(NETWORK_LONG, NONCE + Integer.BYTES, iv ^ number);
    return Libcrypto.begin(ctx, nonce) == 1
        && Libcrypto.update(ctx, 0, outLength, aad, aadLength) == 1
        && Libcrypto.update(ctx, data, outLength, data, length) == 1
        && Libcrypto.control(ctx, Libcrypto.CTRL_AEAD_SET_TAG, TAG_LENGTH, data + length) == 1
        && Libcrypto.end(ctx, data + length, outLength) == 1;
  }

  private long context() {
    if (context == 0) {
      throw new IllegalStateException("closed");
    }
    return context;
  }

  @Override
  public void close() {
    if (context != 0) {
      Libcrypto.freeContext(context);
      context = 0;
    }
  }
}
