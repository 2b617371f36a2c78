package io.meshd.dataplane;

import io.meshd.dataplane.ForwardingSpec.Address;
import io.meshd.dataplane.ForwardingSpec.Backend;
import io.meshd.dataplane.ForwardingSpec.Balancing;
import io.meshd.dataplane.sys.Netns;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A node of a test: a namespace with its underlay address and a data plane whose sockets are there,
 * and tasks' namespaces behind it. Everything is on one network, 10.0.1.0/24 with VNI 4097.
 */
final class TestNode implements AutoCloseable {
  static final int VNI = 4097;
  static final int PORT = 4789;
  static final Ipv4Address GATEWAY = Ipv4Address.parse("10.0.1.1");

  final String namespace;
  final Ipv4Address vtep;
  private final TestNamespaces namespaces;
  private final List<ForwardingSpec.LocalPort> ports = new ArrayList<>();
  private final List<ForwardingSpec.RemoteEndpoint> remotes = new ArrayList<>();
  private final List<Ipv4Address> vteps = new ArrayList<>();
  private final List<ForwardingSpec.VirtualService> services = new ArrayList<>();
  private ForwardingSpec.@Nullable NodePort nodePort;
  private @Nullable List<DataKey> ring;
  private boolean ipv6;
  private final Path flowTable;
  private final PathTiming timing;
  private Dataplane dataplane;

  TestNode(TestNamespaces namespaces, String namespace, String vtep) throws Exception {
    this(namespaces, namespace, vtep, PathTiming.DEFAULT);
  }

  TestNode(TestNamespaces namespaces, String namespace, String vtep, PathTiming timing)
      throws Exception {
    this.timing = timing;
    this.namespaces = namespaces;
    this.namespace = namespace;
    this.vtep = Ipv4Address.parse(vtep);
    flowTable = Files.createTempFile("flows", namespace);
    dataplane = open();
  }

  private Dataplane open() throws Exception {
    return Netns.call(
        TestNamespaces.path(namespace),
        () -> Dataplane.open(new DataplaneConfig(vtep, PORT, 2, flowTable, 1 << 14, timing)));
  }

  /** Two namespaces joined by a veth pair, u0 in each. */
  static void join(String a, String addressA, String b, String addressB) {
    TestNamespaces.run(
        "ip", "link", "add", "u0", "netns", a, "type", "veth", "peer", "u0", "netns", b);
    address(a, addressA);
    address(b, addressB);
  }

  private static void address(String namespace, String address) {
    TestNamespaces.in(namespace, "ip", "addr", "add", address + "/24", "dev", "u0");
    TestNamespaces.in(namespace, "ip", "link", "set", "u0", "up");
  }

  /** What Swarm gives an endpoint: 02:42 and its address. */
  static MacAddress mac(Ipv4Address ip) {
    return new MacAddress(0x0242_0000_0000L | (ip.bits() & 0xffffffffL));
  }

  static Address station(String ip) {
    Ipv4Address address = Ipv4Address.parse(ip);
    return new Address(address, mac(address));
  }

  /** From here on endpoints also have an IPv6 address. */
  void dualStack() {
    ipv6 = true;
  }

  /** Of an IPv4 address 10.0.1.N: fd00:1::N. */
  static String ipv6(String ip) {
    return "fd00:1::" + ip.substring(ip.lastIndexOf('.') + 1);
  }

  private Address endpoint(String ip) {
    Address station = station(ip);
    return ipv6 ? new Address(station.ip(), station.mac(), Ipv6Address.parse(ipv6(ip))) : station;
  }

  /** A task's namespace with eth0 on the network; its name. */
  String task(String name, String ip) throws Exception {
    String task = namespaces.add(name);
    attach(name, task, ip);
    plumb(task, ip);
    if (ring != null) {
      TestNamespaces.in(task, "ip", "link", "set", "eth0", "mtu", "1424");
    }
    if (ipv6) {
      TestNamespaces.in(task, "ip", "addr", "add", ipv6(ip) + "/64", "dev", "eth0", "nodad");
    }
    return task;
  }

  void attach(String port, String task, String ip) throws Exception {
    dataplane.attachTap(new TapAttachment(port, TestNamespaces.path(task), "eth0"));
    ports.add(new ForwardingSpec.LocalPort(port, endpoint(ip)));
  }

  static void plumb(String task, String ip) {
    String mac = mac(Ipv4Address.parse(ip)).toString();
    TestNamespaces.in(task, "ip", "link", "set", "eth0", "address", mac, "mtu", "1450", "up");
    TestNamespaces.in(task, "ip", "addr", "add", ip + "/24", "dev", "eth0");
  }

  /** The node namespace with the network's TAP, for the gateway and perhaps the node's address. */
  String nodePort(String name, @Nullable String ip) throws Exception {
    String ns = namespaces.add(name);
    dataplane.attachTap(new TapAttachment("node", TestNamespaces.path(ns), "eth0"));
    nodePort = new ForwardingSpec.NodePort("node", mac(GATEWAY), ip == null ? null : endpoint(ip));
    TestNamespaces.in(
        ns, "ip", "link", "set", "eth0", "address", mac(GATEWAY).toString(), "mtu", "1450", "up");
    // The first address is what sockets there are bound to when they do not care.
    if (ip != null) {
      TestNamespaces.in(ns, "ip", "addr", "add", ip + "/24", "dev", "eth0");
      if (ipv6) {
        TestNamespaces.in(ns, "ip", "addr", "add", ipv6(ip) + "/64", "dev", "eth0", "nodad");
      }
    }
    TestNamespaces.in(ns, "ip", "addr", "add", GATEWAY + "/24", "dev", "eth0");
    TestNamespaces.in(ns, "sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1");
    TestNamespaces.in(ns, "sysctl", "-qw", "net.ipv4.conf.all.arp_announce=2");
    return ns;
  }

  void remote(String ip, String vtep, boolean node) {
    Ipv4Address behind = Ipv4Address.parse(vtep);
    remotes.add(new ForwardingSpec.RemoteEndpoint(endpoint(ip), behind, node));
    if (!vteps.contains(behind)) {
      vteps.add(behind);
    }
  }

  /** A virtual IP and its backends, the same name replacing an earlier one. */
  void service(String vip, Balancing balancing, Backend... backends) {
    services.removeIf(service -> service.name().equals(vip));
    services.add(
        new ForwardingSpec.VirtualService(
            "s" + vip, vip, endpoint(vip), balancing, List.of(backends)));
  }

  /** A backend as Swarm would have it. */
  static Backend backend(String ip) {
    return new Backend("t" + ip, Ipv4Address.parse(ip), 100, false, 0);
  }

  /** From the next apply on the network is encrypted, with this ring of keys; perhaps none. */
  void encrypt(DataKey... keys) {
    ring = List.of(keys);
  }

  /** A key for tests, told from others by its number. */
  static DataKey key(int number) {
    byte[] secret = new byte[DataKey.LENGTH];
    Arrays.fill(secret, (byte) number);
    return new DataKey(secret);
  }

  /** What lived there lives nowhere any more. */
  void forget(String ip) {
    Ipv4Address gone = Ipv4Address.parse(ip);
    ports.removeIf(port -> port.address().ip().equals(gone));
    remotes.removeIf(remote -> remote.address().ip().equals(gone));
  }

  /** Its network as it is now. */
  ForwardingSpec.Network network() {
    return new ForwardingSpec.Network(
        "n1",
        "net",
        VNI,
        GATEWAY,
        nodePort,
        List.copyOf(ports),
        List.copyOf(remotes),
        List.copyOf(vteps),
        false,
        List.copyOf(services),
        ForwardingSpec.Preserved.NONE,
        ring != null);
  }

  void apply() {
    dataplane.apply(new ForwardingSpec(List.of(network()), ring == null ? List.of() : ring));
  }

  Dataplane dataplane() {
    return dataplane;
  }

  long counter(String name) {
    Long value = dataplane.counters().get(name);
    if (value == null) {
      throw new AssertionError("no counter " + name);
    }
    return value;
  }

  @Override
  public void close() {
    dataplane.close();
    try {
      Files.deleteIfExists(flowTable);
      Files.deleteIfExists(flowTable.resolveSibling(flowTable.getFileName() + ".replay"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The data plane ends and another one starts with the same TAPs, as after a crash. */
  void restart() throws Exception {
    dataplane.close();
    dataplane = open();
  }
}
