package io.meshd.dataplane.switching;

/** The link-local address that a kernel makes of a MAC: fe80::/64 and its EUI-64 (RFC 4291 A). */
final class LinkLocal {
  static final long PREFIX = 0xfe80_0000_0000_0000L;

  private static final long UNIVERSAL = 1L << 41;
  private static final long LOW = 0xffffffL;
  private static final long FILLER = 0xfffeL;

  private LinkLocal() {}

  /** The low half, to {@link #PREFIX} as the high one. */
  static long of(long mac) {
    long own = mac ^ UNIVERSAL;
    return ((own >>> 24) << 40) | (FILLER << 24) | (own & LOW);
  }

  /** Of whom this is the low half; -1 when it was not made of a MAC. */
  static long mac(long low) {
    long mac = ((low >>> 40) << 24) | (low & LOW);
    return (low >>> 24 & 0xffff) == FILLER ? mac ^ UNIVERSAL : -1;
  }
}
