package io.meshd.ipam;

/** The MAC address that goes with an IPv4 address: 02:42 and its four bytes, as Docker's. */
public final class Mac {
  private Mac() {}

  /** 10.0.1.3 gives 02:42:0a:00:01:03. */
  public static String of(int address) {
    return String.format(
        "02:42:%02x:%02x:%02x:%02x",
        address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff);
  }
}
