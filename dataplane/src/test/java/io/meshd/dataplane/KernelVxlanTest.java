package io.meshd.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The other end is the kernel's own VXLAN, with the offloads that it has; {@link
 * KernelVxlanMatrixTest} takes them away in all combinations.
 */
@Timeout(120)
class KernelVxlanTest {
  @TempDir Path folder;
  private final TestNamespaces namespaces = new TestNamespaces();
  private TestNode node;
  private String task;
  private String kernel;

  @BeforeEach
  void aNodeAndAKernel() throws Exception {
    String ours = namespaces.add("nA");
    kernel = namespaces.add("nK");
    TestNode.join(ours, "10.99.0.1", kernel, "10.99.0.2");
    node = new TestNode(namespaces, ours, "10.99.0.1");
    node.dualStack();
    task = node.task("cA", "10.0.1.3");
    node.remote("10.0.1.4", "10.99.0.2", false);
    node.apply();
    KernelVtep.make(kernel, "10.0.1.3", "10.99.0.1");
  }

  @AfterEach
  void remove() {
    node.close();
    namespaces.close();
  }

  @Test
  void bothDirectionsCarryTcpUnharmed() throws Exception {
    TestNamespaces.in(task, "ping", "-q", "-c", "3", "-i", "0.1", "-w", "5", "10.0.1.4");
    Transfer.check(task, kernel, "10.0.1.4", 300_000_000);
    Transfer.check(kernel, task, "10.0.1.3", 300_000_000);
  }

  @Test
  void ipv6TooInBothDirections() throws Exception {
    TestNamespaces.in(task, "ping", "-q", "-c", "3", "-i", "0.1", "-w", "5", "fd00:1::4");
    TestNamespaces.in(task, "ping", "-q", "-c", "1", "-s", "4000", "-w", "5", "fd00:1::4");
    Transfer.check(task, kernel, "fd00:1::4", 200_000_000);
    Transfer.check(kernel, task, "fd00:1::3", 200_000_000);
  }

  @Test
  void theSameOverAWireThatSegmentsNothing() throws Exception {
    String ours = node.namespace;
    for (String ns : List.of(ours, kernel)) {
      TestNamespaces.in(
          ns,
          "ethtool",
          "-K",
          "u0",
          "tx-udp_tnl-segmentation",
          "off",
          "tx-udp_tnl-csum-segmentation",
          "off",
          "tx-udp-segmentation",
          "off",
          "tso",
          "off",
          "gro",
          "on");
    }
    Transfer.check(task, kernel, "10.0.1.4", 200_000_000);
    Transfer.check(kernel, task, "10.0.1.3", 200_000_000);
    Transfer.check(task, kernel, "fd00:1::4", 100_000_000);
    Transfer.check(kernel, task, "fd00:1::3", 100_000_000);
  }

  /** What is on the wire, not what is handed over to it: nothing is left to the devices. */
  @Test
  void tsharkFindsNothingWrongOnTheWire() throws Exception {
    for (String ns : List.of(node.namespace, kernel)) {
      TestNamespaces.in(
          ns, "ethtool", "-K", "u0", "tx", "off", "tso", "off", "gso", "off", "gro", "off");
      TestNamespaces.in(ns, "sh", "-c", "ethtool -K u0 tx-udp-segmentation off || true");
    }
    WireCapture capture = new WireCapture(folder, kernel, "u0", "udp and src 10.99.0.1");
    TestNamespaces.in(task, "ping", "-q", "-c", "3", "-i", "0.1", "-w", "5", "10.0.1.4");
    TestNamespaces.in(task, "sh", "-c", "echo x > /dev/udp/10.0.1.4/53 2>/dev/null || true");
    Transfer.check(task, kernel, "10.0.1.4", 2_000_000);
    Transfer.check(kernel, task, "10.0.1.3", 200_000);
    TestNamespaces.in(task, "ping", "-q", "-c", "3", "-i", "0.1", "-w", "5", "fd00:1::4");
    Transfer.check(task, kernel, "fd00:1::4", 2_000_000);
    capture.end();

    List<String> packets =
        capture.frames(
            "vxlan.vni",
            "ip.checksum.status",
            "udp.checksum.status",
            "tcp.checksum.status",
            "icmp.checksum.status",
            "icmpv6.checksum.status",
            "frame.len");
    assertTrue(packets.size() > 1000, "packets " + packets.size());
    for (String packet : packets) {
      String[] fields = packet.split("\t", -1);
      assertEquals("4097", fields[0], packet);
      assertTrue(fields[1].matches("1(,1)?"), packet); // IPv6 has none
      assertTrue(fields[2].matches("[13](,1)?"), packet);
      assertTrue(fields[3].matches("1?"), packet);
      assertTrue(fields[4].matches("1?"), packet);
      assertTrue(fields[5].matches("1?"), packet);
      assertTrue(Integer.parseInt(fields[6]) <= 1514, packet);
    }
  }
}
