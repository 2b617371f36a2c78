package io.meshd.dataplane.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The calls of OpenSSL's libcrypto (3.x) that AES-GCM takes, one method each, named as in its
 * manual (EVP_EncryptInit(3)). Pointers are addresses; the caller keeps memory in bounds and
 * allocated. None allocates in Java; those of a datagram do not leave the thread's state either
 * (critical linking), being a microsecond or less.
 *
 * <p>Only where {@link #missing} says null may anything else here be called: the library is looked
 * for at the first use of this class, and a node without it works but for encrypted networks.
 */
@SuppressWarnings("restricted") // see Libc
final class Libcrypto {
  private static final String LIBRARY = "libcrypto.so.3";

  static final int CTRL_AEAD_GET_TAG = 0x10;
  static final int CTRL_AEAD_SET_TAG = 0x11;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final @Nullable SymbolLookup SYMBOLS = load();

  private static final @Nullable MethodHandle AES_256_GCM =
      function("EVP_aes_256_gcm", FunctionDescriptor.of(JAVA_LONG));
  private static final @Nullable MethodHandle CTX_NEW =
      function("EVP_CIPHER_CTX_new", FunctionDescriptor.of(JAVA_LONG));
  private static final @Nullable MethodHandle CTX_FREE =
      function("EVP_CIPHER_CTX_free", FunctionDescriptor.ofVoid(JAVA_LONG));
  private static final @Nullable MethodHandle CIPHER_INIT =
      critical(
          "EVP_CipherInit_ex", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final @Nullable MethodHandle CIPHER_UPDATE =
      critical("EVP_CipherUpdate", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final @Nullable MethodHandle CIPHER_FINAL =
      critical("EVP_CipherFinal_ex", JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private static final @Nullable MethodHandle CTX_CTRL =
      critical("EVP_CIPHER_CTX_ctrl", JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG);

  private Libcrypto() {}

  /** Null where the library is there; else what is missing, in words. */
  static @Nullable String missing() {
    if (SYMBOLS == null) {
      return "OpenSSL's " + LIBRARY + " is not installed (Debian: libssl3, libssl3t64)";
    }
    return CTX_CTRL == null || AES_256_GCM == null
        ? LIBRARY + " has no AES-256-GCM as OpenSSL 3 has it"
        : null;
  }

  /**
   * A cipher context that is for AES-256-GCM and in one direction from the first {@link #key} on.
   *
   * @throws IOException when there is no library or no memory
   */
  static long newContext() throws IOException {
    String missing = missing();
    if (missing != null) {
      throw new IOException(missing);
    }
    long context;
    try {
      context = (long) present(CTX_NEW).invokeExact();
    } catch (Throwable e) {
      throw unexpected(e);
    }
    if (context == 0) {
      throw new IOException(LIBRARY + " gives no cipher context");
    }
    return context;
  }

  static void freeContext(long context) {
    try {
      present(CTX_FREE).invokeExact(context);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param key address of 32 bytes
   * @param encrypt 1 to seal, 0 to open
   * @return 1 for success
   */
  static int key(long context, long key, int encrypt) {
    try {
      long cipher = (long) present(AES_256_GCM).invokeExact();
      return (int) present(CIPHER_INIT).invokeExact(context, cipher, 0L, key, 0L, encrypt);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * Begins a message under the key that the context has.
   *
   * @param nonce address of 12 bytes
   */
  static int begin(long context, long nonce) {
    try {
      return (int) present(CIPHER_INIT).invokeExact(context, 0L, 0L, 0L, nonce, -1);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param out address, the same as {@code in} for in place; 0 for additional data
   * @param outLength address of an int
   */
  static int update(long context, long out, long outLength, long in, int length) {
    try {
      return (int) present(CIPHER_UPDATE).invokeExact(context, out, outLength, in, length);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @return 1 for success; opening, that the tag was right
   */
  static int end(long context, long out, long outLength) {
    try {
      return (int) present(CIPHER_FINAL).invokeExact(context, out, outLength);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int control(long context, int type, int argument, long pointer) {
    try {
      return (int) present(CTX_CTRL).invokeExact(context, type, argument, pointer);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static @Nullable SymbolLookup load() {
    try {
      return SymbolLookup.libraryLookup(LIBRARY, Arena.global());
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static @Nullable MethodHandle critical(String name, MemoryLayout... arguments) {
    return function(
        name, FunctionDescriptor.of(JAVA_INT, arguments), Linker.Option.critical(false));
  }

  private static @Nullable MethodHandle function(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    return SYMBOLS == null
        ? null
        : SYMBOLS
            .find(name)
            .map(symbol -> LINKER.downcallHandle(symbol, descriptor, options))
            .orElse(null);
  }

  private static MethodHandle present(@Nullable MethodHandle handle) {
    if (handle == null) {
      throw new IllegalStateException(missing());
    }
    return handle;
  }

  private static AssertionError unexpected(Throwable e) {
    return new AssertionError("a downcall threw", e);
  }
}
