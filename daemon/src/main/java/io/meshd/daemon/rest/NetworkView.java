package io.meshd.daemon.rest;

import io.meshd.api.Networks;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.EndpointRecord;
import io.meshd.daemon.state.Ipv6Subnet;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NodeAddress;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.TaskRecord;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A network as the API shows it, and the node-local ones beside the cluster's. */
final class NetworkView {
  /** When the node's own networks were made is not kept; Docker's zero time. */
  private static final String NO_TIME = "0001-01-01T00:00:00Z";

  private NetworkView() {}

  /** In a list: without endpoints and peers. */
  static Networks.Network listed(NetworkRecord network) {
    return view(network, Map.of(), null);
  }

  /** Inspected on a node: its endpoints there, and the nodes that have the network. */
  static Networks.Network inspected(NetworkRecord network, ClusterState state, String nodeId) {
    return view(network, containers(network, state, nodeId), peers(network, state));
  }

  private static Networks.Network view(
      NetworkRecord network,
      Map<String, Networks.NetworkContainer> containers,
      @Nullable List<Networks.Peer> peers) {
    Map<String, String> options = new TreeMap<>(network.options());
    options.put("com.docker.network.driver.overlay.vxlanid_list", String.valueOf(network.vni()));
    return new Networks.Network(
        network.name(),
        network.id(),
        network.createdAt(),
        "swarm",
        "overlay",
        true,
        network.ipv6() != null,
        new Networks.Ipam("default", null, subnets(network)),
        network.internal(),
        network.attachable(),
        network.ingress(),
        Map.of("Network", ""),
        false,
        containers,
        options,
        network.labels(),
        peers);
  }

  private static List<Networks.IpamConfig> subnets(NetworkRecord network) {
    List<Networks.IpamConfig> subnets = new ArrayList<>();
    subnets.add(
        new Networks.IpamConfig(network.subnet(), network.ipRange(), network.gateway(), null));
    Ipv6Subnet ipv6 = network.ipv6();
    if (ipv6 != null) {
      subnets.add(new Networks.IpamConfig(ipv6.subnet(), ipv6.ipRange(), ipv6.gateway(), null));
    }
    return subnets;
  }

  private static Map<String, Networks.NetworkContainer> containers(
      NetworkRecord network, ClusterState state, String nodeId) {
    Map<String, Networks.NetworkContainer> found = new TreeMap<>();
    for (TaskRecord task : state.tasks().values()) {
      if (task.nodeId().equals(nodeId) && task.reachable()) {
        for (Attachment attachment : task.attachments()) {
          put(found, network, task.id(), task.name(), attachment);
        }
      }
    }
    for (EndpointRecord endpoint : state.endpoints().values()) {
      if (endpoint.nodeId().equals(nodeId)) {
        put(found, network, endpoint.id(), endpoint.name(), endpoint.attachment());
      }
    }
    NodeAddress own = state.nodeAddresses().get(NodeAddress.key(network.id(), nodeId));
    if (own != null) {
      // Docker shows a node's own address under these names.
      // Its IPv6 address is nobody's: a node asks over IPv4.
      put(
          found,
          network,
          "lb-" + network.name(),
          network.name() + "-endpoint",
          own.attachment(),
          "");
    }
    return found;
  }

  private static void put(
      Map<String, Networks.NetworkContainer> found,
      NetworkRecord network,
      String id,
      String name,
      Attachment attachment) {
    if (attachment.networkId().equals(network.id())) {
      String ipv6 = network.ipv6WithPrefix(attachment.address());
      put(found, network, id, name, attachment, ipv6 == null ? "" : ipv6);
    }
  }

  private static void put(
      Map<String, Networks.NetworkContainer> found,
      NetworkRecord network,
      String id,
      String name,
      Attachment attachment,
      String ipv6) {
    if (attachment.networkId().equals(network.id())) {
      found.put(
          id,
          new Networks.NetworkContainer(
              name,
              hexId(network.id(), id),
              attachment.mac(),
              withPrefix(attachment.address(), network),
              ipv6));
    }
  }

  private static @Nullable List<Networks.Peer> peers(NetworkRecord network, ClusterState state) {
    TreeSet<String> nodes = new TreeSet<>();
    for (TaskRecord task : state.tasks().values()) {
      if (task.reachable() && on(network, task.attachments())) {
        nodes.add(task.nodeId());
      }
    }
    for (EndpointRecord endpoint : state.endpoints().values()) {
      if (on(network, List.of(endpoint.attachment()))) {
        nodes.add(endpoint.nodeId());
      }
    }
    for (NodeAddress address : state.nodeAddresses().values()) {
      if (on(network, List.of(address.attachment()))) {
        nodes.add(address.nodeId());
      }
    }
    List<Networks.Peer> peers = new ArrayList<>();
    for (String id : nodes) {
      NodeRecord node = state.nodes().get(id);
      if (node != null) {
        // Docker's name of a gossip peer: a short random ID; here the node's own.
        peers.add(new Networks.Peer(id.substring(0, Math.min(12, id.length())), node.vtep()));
      }
    }
    return peers.isEmpty() ? null : peers;
  }

  private static boolean on(NetworkRecord network, List<Attachment> attachments) {
    return attachments.stream().anyMatch(one -> one.networkId().equals(network.id()));
  }

  /** 10.0.1.3/24. */
  static String withPrefix(String address, NetworkRecord network) {
    return address + network.subnet().substring(network.subnet().indexOf('/'));
  }

  /** With prefix lengths, of what has this IPv4 address: that, and its IPv6 address. */
  static List<String> addresses(String address, NetworkRecord network) {
    String ipv4 = withPrefix(address, network);
    String ipv6 = network.ipv6WithPrefix(address);
    return ipv6 == null ? List.of(ipv4) : List.of(ipv4, ipv6);
  }

  /** The four networks that every node has, under IDs that stay the same. */
  static List<Networks.Network> local(String nodeName, HostNetworks host) {
    return List.of(
        local(nodeName, "bridge", "bridge", host.bridgeSubnet(), host.bridgeGateway()),
        local(nodeName, "docker_gwbridge", "bridge", host.wayOutSubnet(), host.wayOutGateway()),
        local(nodeName, "host", "host", null, null),
        local(nodeName, "none", "null", null, null));
  }

  private static Networks.Network local(
      String nodeName,
      String name,
      String driver,
      @Nullable String subnet,
      @Nullable String gateway) {
    Map<String, String> options = new LinkedHashMap<>();
    return new Networks.Network(
        name,
        hexId(nodeName, name),
        NO_TIME,
        "local",
        driver,
        true,
        false,
        new Networks.Ipam(
            "default",
            null,
            subnet == null
                ? List.of()
                : List.of(new Networks.IpamConfig(subnet, null, gateway, null))),
        false,
        false,
        false,
        Map.of("Network", ""),
        false,
        Map.of(),
        options,
        Map.of(),
        null);
  }

  /** 64 hexadecimal digits, as Docker's IDs of node-local things; the same for the same names. */
  static String hexId(String scope, String name) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of()
          .formatHex(digest.digest((scope + "/" + name).getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
