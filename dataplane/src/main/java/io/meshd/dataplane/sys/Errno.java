package io.meshd.dataplane.sys;

import java.io.IOException;

/** Error numbers the code tells apart, as errno(3) of Linux on x86-64 and aarch64. */
public final class Errno {
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int EAGAIN = 11;
  public static final int EBUSY = 16;
  public static final int EINVAL = 22;
  public static final int ENFILE = 23;
  public static final int EMFILE = 24;
  public static final int EPIPE = 32;
  public static final int EBADFD = 77;
  public static final int EMSGSIZE = 90;
  public static final int EAFNOSUPPORT = 97;
  public static final int EADDRINUSE = 98;
  public static final int EADDRNOTAVAIL = 99;
  public static final int ECONNABORTED = 103;
  public static final int ECONNRESET = 104;
  public static final int ENOBUFS = 105;
  public static final int ETIMEDOUT = 110;
  public static final int ECONNREFUSED = 111;
  public static final int EINPROGRESS = 115;

  private Errno() {}

  /**
   * Passes a result of {@link Libc} on, or says what failed and why.
   *
   * @param what the start of the sentence: "cannot open /dev/net/tun"
   * @throws IOException "what: why" when {@code result} is negative
   */
  public static int check(int result, String what) throws IOException {
    if (result < 0) {
      throw failure(result, what);
    }
    return result;
  }

  /**
   * @param result as {@link Libc} returned it: {@code -errno}
   */
  public static IOException failure(long result, String what) {
    return new IOException(what + ": " + Libc.strerror((int) -result));
  }
}
