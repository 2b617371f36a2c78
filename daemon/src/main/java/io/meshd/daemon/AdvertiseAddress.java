package io.meshd.daemon;

import io.meshd.daemon.http.ApiException;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which IPv4 address of this node others are told, by Swarm's rules: an address or an interface as
 * {@code --advertise-addr} gives it, else the only one there is (moby {@code
 * daemon/cluster/listen_addr.go}).
 */
record AdvertiseAddress(String ip, int port) {

  static final int CONTROL_PORT = 2377;

  /** Bridges of ours and of Docker's: never where other nodes are. */
  private static final Set<String> OWN_BRIDGES =
      Set.of("docker0", "docker_gwbridge", "mesh_bridge", "mesh_gwbridge");

  /**
   * @param flag the flag's name, for the error
   * @param text address or interface, with or without a port; null or empty: to be found
   * @throws ApiException 400 in Swarm's words
   */
  static AdvertiseAddress resolve(String flag, @Nullable String text) {
    if (text == null || text.isBlank()) {
      return new AdvertiseAddress(only(), CONTROL_PORT);
    }
    String host = text;
    int port = CONTROL_PORT;
    int colon = text.lastIndexOf(':');
    if (isIpv6(text)) {
      throw new ApiException(
          400, flag + " must be an IPv4 address: nodes do not reach each other over IPv6 yet");
    }
    if (colon >= 0 && text.indexOf(':') == colon) {
      host = text.substring(0, colon);
      port = port(flag, text.substring(colon + 1));
    }
    return new AdvertiseAddress(isIpv4(host) ? local(flag, host) : ofInterface(flag, host), port);
  }

  /**
   * The address from which this node would reach the first of the others: what Swarm's manager sees
   * of a joining node.
   *
   * @param remotes host or host:port
   * @throws ApiException 400 when there is no way there
   */
  static AdvertiseAddress towards(List<String> remotes) {
    for (String remote : remotes) {
      if (isIpv6(remote)) {
        throw new ApiException(
            400,
            "cannot join through "
                + remote
                + ": nodes do not reach each other over IPv6 yet, so name a manager by its IPv4"
                + " address");
      }
      String host = remote.contains(":") ? remote.substring(0, remote.lastIndexOf(':')) : remote;
      // Connecting a datagram socket sends nothing: it asks the routing table.
      try (DatagramChannel channel = DatagramChannel.open(StandardProtocolFamily.INET)) {
        channel.connect(new InetSocketAddress(host, CONTROL_PORT));
        if (channel.getLocalAddress() instanceof InetSocketAddress local) {
          return new AdvertiseAddress(local.getAddress().getHostAddress(), CONTROL_PORT);
        }
      } catch (IOException | UnresolvedAddressException | UnsupportedAddressTypeException e) {
        // The next one, or the error below.
      }
    }
    throw new ApiException(
        400, "no route to " + String.join(", ", remotes) + " - specify one with --advertise-addr");
  }

  /** Whether this machine has that address. */
  static boolean isHere(String ip) {
    return candidates(true).stream().anyMatch(candidate -> candidate.ip().equals(ip));
  }

  private static int port(String flag, String text) {
    try {
      int port = Integer.parseInt(text);
      if (port > 0 && port < 65536) {
        return port;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new ApiException(400, "invalid port " + text + " in " + flag + ": it is 1 to 65535");
  }

  /** With a port or without, in brackets or without. */
  private static boolean isIpv6(String text) {
    return text.indexOf(':') != text.lastIndexOf(':');
  }

  private static boolean isIpv4(String host) {
    return host.matches("\\d{1,3}(\\.\\d{1,3}){3}");
  }

  private static String local(String flag, String host) {
    List<String> own = new ArrayList<>();
    for (Candidate candidate : candidates(true)) {
      if (candidate.ip().equals(host)) {
        return host;
      }
      own.add(candidate.ip() + " on " + candidate.device());
    }
    throw new ApiException(
        400,
        flag
            + " must be an address of this node: "
            + host
            + " is none (it has "
            + String.join(", ", own)
            + ")");
  }

  private static String ofInterface(String flag, String device) {
    List<Candidate> found =
        candidates(true).stream().filter(c -> c.device().equals(device)).toList();
    if (found.isEmpty()) {
      throw new ApiException(
          400, flag + " must be a recognized IP address or network interface: " + device);
    }
    if (found.size() > 1) {
      throw new ApiException(
          400,
          "interface %s has more than one IPv4 address (%s and %s)"
              .formatted(device, found.get(0).ip(), found.get(1).ip()));
    }
    return found.getFirst().ip();
  }

  private static String only() {
    List<Candidate> all = candidates(false);
    if (all.isEmpty()) {
      throw new ApiException(
          400, "could not find the system's IP address - specify one with --advertise-addr");
    }
    if (all.size() == 1) {
      return all.getFirst().ip();
    }
    Candidate a = all.get(0);
    Candidate b = all.get(1);
    throw new ApiException(
        400,
        "could not choose an IP address to advertise since this system has multiple addresses on "
            + (a.device().equals(b.device())
                ? "interface %s (%s and %s)".formatted(a.device(), a.ip(), b.ip())
                : "different interfaces (%s on %s and %s on %s)"
                    .formatted(a.ip(), a.device(), b.ip(), b.device()))
            + " - specify one with --advertise-addr");
  }

  private record Candidate(String device, String ip) {}

  private static List<Candidate> candidates(boolean withLoopback) {
    List<Candidate> found = new ArrayList<>();
    try {
      for (NetworkInterface device : NetworkInterface.networkInterfaces().toList()) {
        if (!device.isUp()
            || (device.isLoopback() && !withLoopback)
            || OWN_BRIDGES.contains(device.getName())) {
          continue;
        }
        for (InterfaceAddress address : device.getInterfaceAddresses()) {
          InetAddress ip = address.getAddress();
          if (ip instanceof Inet4Address) {
            found.add(new Candidate(device.getName(), ip.getHostAddress()));
          }
        }
      }
    } catch (SocketException e) {
      throw new ApiException(500, "cannot read this node's addresses: " + e.getMessage());
    }
    return found;
  }
}
