package io.meshd.dataplane;

/**
 * A namespace with the kernel's own VXLAN as the other end of a {@link TestNode}'s network:
 * 10.0.1.4 and fd00:1::4 on vx0, behind 10.99.0.2, with forwarding and neighbours set by hand, as
 * ours are by tables.
 */
final class KernelVtep {
  static final String IP = "10.0.1.4";
  static final String IPV6 = "fd00:1::4";
  static final String VTEP = "10.99.0.2";

  private KernelVtep() {}

  /**
   * @param namespace that has {@link #VTEP} already
   * @param peer the endpoint behind the other VTEP, 10.0.1.N
   */
  static void make(String namespace, String peer, String peersVtep) {
    String mac = TestNode.mac(Ipv4Address.parse(peer)).toString();
    in(namespace, "ip link add vx0 type vxlan id 4097 local " + VTEP + " dstport 4789 nolearning");
    in(namespace, "ip link set vx0 address 02:42:0a:00:01:04 mtu 1450 up");
    in(namespace, "ip addr add " + IP + "/24 dev vx0");
    in(namespace, "bridge fdb append " + mac + " dev vx0 dst " + peersVtep);
    in(namespace, "ip neigh add " + peer + " lladdr " + mac + " dev vx0");
    in(namespace, "ip addr add " + IPV6 + "/64 dev vx0 nodad");
    in(namespace, "ip neigh add " + TestNode.ipv6(peer) + " lladdr " + mac + " dev vx0");
  }

  private static void in(String namespace, String command) {
    TestNamespaces.in(namespace, command.split(" ", -1));
  }
}
