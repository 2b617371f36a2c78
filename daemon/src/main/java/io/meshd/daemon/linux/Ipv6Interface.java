package io.meshd.daemon.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * IPv6 on an interface of an overlay. No router speaks there, so none is listened to; the
 * link-local address is that of the MAC, as the switch takes no other; and nobody else can have its
 * addresses, so that it does not wait to find out (RFC 4862 section 5.4).
 */
public final class Ipv6Interface {
  private static final Path SETTINGS = Path.of("/proc/sys/net/ipv6");

  private Ipv6Interface() {}

  /** Whether this kernel has IPv6. */
  public static boolean possible() {
    return Files.exists(SETTINGS);
  }

  /**
   * Gives an interface that has its MAC an address; repeats without effect.
   *
   * @param address with prefix length
   */
  public static void bring(Path netns, String device, String address) throws IOException {
    Map<String, String> settings = new LinkedHashMap<>();
    String of = "ipv6/conf/" + device + "/";
    settings.put(of + "accept_ra", "0");
    settings.put(of + "autoconf", "0");
    settings.put(of + "addr_gen_mode", "0"); // EUI-64
    settings.put(of + "dad_transmits", "0");
    // Last: with it the link-local address is made.
    settings.put(of + "disable_ipv6", "0");
    Sysctls.apply(netns, settings);
    new IpChanges().line("address replace " + address + " dev " + device + " nodad").apply(netns);
  }
}
