package io.meshd.daemon.linux;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The namespace of the node's own part in its networks: one TAP per network with the gateway's
 * address. It routes nothing, and answers ARP only for the address of the device that was asked.
 */
public final class NodeNamespace {
  public static final String NAME = "meshd";

  /**
   * Where names are asked for by those who cannot be told their network's gateway: on the link of
   * every overlay that containers are on, and from the node's own containers on other networks.
   * Link-local (RFC 3927), so that it is nobody's elsewhere.
   */
  public static final String RESOLVER = "169.254.53.53";

  private static final int CLIENTS_TABLE = 100;

  private final NetworkNamespaces namespaces;

  public NodeNamespace(NetworkNamespaces namespaces) {
    this.namespaces = namespaces;
  }

  public Path path() {
    return namespaces.path(NAME);
  }

  /** Makes it unless it is there; repeats without effect. */
  public void ensure() throws IOException {
    namespaces.ensure(NAME);
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("ipv4/ip_forward", "0");
    settings.put("ipv4/conf/all/arp_ignore", "1");
    settings.put("ipv4/conf/default/arp_ignore", "1");
    settings.put("ipv4/conf/all/arp_announce", "2");
    settings.put("ipv4/conf/default/arp_announce", "2");
    // The ingress opens many short connections to few backends: without these, ports in TIME_WAIT
    // would cap it at some 470 new connections a second to each.
    settings.put("ipv4/ip_local_port_range", "1024 65535");
    settings.put("ipv4/tcp_tw_reuse", "1");
    settings.putAll(withoutIpv6());
    Sysctls.apply(path(), settings);
    // What arrives is for the node's own addresses, or for a client in whose name a socket here
    // asked: the switch lets nothing else in. The rule comes after the one for own addresses, and
    // is not for what begins here, nor for the kernel's look at the way back (rp_filter).
    new IpChanges()
        .line("link set dev lo up")
        .line("address replace " + RESOLVER + "/32 dev lo")
        .make("rule add priority " + CLIENTS_TABLE + " not iif lo lookup " + CLIENTS_TABLE)
        .line("route replace local default dev lo table " + CLIENTS_TABLE)
        .apply(path());
  }

  public void remove() throws IOException {
    namespaces.remove(NAME);
  }

  /** Devices made from now on get no IPv6 link-local address; nothing where IPv6 is off. */
  public static Map<String, String> withoutIpv6() {
    return Ipv6Interface.possible() ? Map.of("ipv6/conf/default/disable_ipv6", "1") : Map.of();
  }
}
