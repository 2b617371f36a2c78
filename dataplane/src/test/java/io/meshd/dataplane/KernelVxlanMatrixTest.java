package io.meshd.dataplane;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.dataplane.sys.Netns;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Our VXLAN and the kernel's over each kind of wire, with offloads on and off at either end: rx and
 * tx checksums, TSO, GSO and GRO of both underlay devices in all combinations, those of the task's
 * device and the kernel's VXLAN device drawn beside them. TCP and UDP in both directions, IPv4 and
 * IPv6 by turns.
 *
 * <p>A few combinations drawn by {@code -Dmeshd.seed=S}; with {@code -Dmeshd.long=true} all 2,304,
 * which takes some minutes.
 */
class KernelVxlanMatrixTest {
  private static final boolean LONG = Boolean.getBoolean("meshd.long");
  private static final long SEED = Long.getLong("meshd.seed", System.nanoTime());
  private static final int FEW = 5;
  private static final int TCP_BYTES = LONG ? 256 * 1024 : 1024 * 1024;
  private static final List<String> OFFLOADS = List.of("rx", "tx", "tso", "gso", "gro");
  private static final int SUBSETS = 1 << 5;
  private static final int TSO = 1 << 2;

  /** Of datagrams: empty, odd, full, and more than a frame carries. */
  private static final int[] SIZES = {0, 1, 777, 1402, 4001};

  /** What the underlay's devices can do, as benchmarks name it. */
  private enum Wire {
    /** Cuts nothing, joins on receipt. */
    PLAIN("tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off tx-udp-segmentation off"),
    /** Cuts TCP and UDP, but nothing in a tunnel. */
    NOTUNNEL("tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off tx-udp-segmentation on"),
    /** Cuts all that a veth cuts. */
    FULL("tx-udp_tnl-segmentation on tx-udp_tnl-csum-segmentation on tx-udp-segmentation on");

    final String features;

    Wire(String features) {
      this.features = features;
    }
  }

  /** Which offloads are on, one bit each as in {@link #OFFLOADS}. */
  private record Combination(Wire wire, int ours, int kernels, int task, int vxlan) {
    @Override
    public String toString() {
      return wire
          + ", ours "
          + words(ours)
          + ", the kernel's "
          + words(kernels)
          + ", task "
          + words(task)
          + ", vx0 "
          + words(vxlan);
    }
  }

  @TempDir Path folder;
  private final Random random = new Random(SEED);
  private final TestNamespaces namespaces = new TestNamespaces();
  private TestNode node;
  private String task;
  private String kernel;

  @BeforeEach
  void aNodeAndAKernel() throws Exception {
    String ours = namespaces.add("nA");
    kernel = namespaces.add("nK");
    TestNode.join(ours, "10.99.0.1", kernel, KernelVtep.VTEP);
    node = new TestNode(namespaces, ours, "10.99.0.1");
    node.dualStack();
    task = node.task("cA", "10.0.1.3");
    node.remote(KernelVtep.IP, KernelVtep.VTEP, false);
    node.apply();
    KernelVtep.make(kernel, "10.0.1.3", "10.99.0.1");
  }

  @AfterEach
  void remove() {
    node.close();
    namespaces.close();
  }

  private List<Combination> combinations(Wire wire) {
    List<Combination> all = new ArrayList<>();
    for (int ours = 0; ours < SUBSETS; ours++) {
      for (int kernels = 0; kernels < SUBSETS; kernels++) {
        // A wire that cuts nothing has no TSO.
        if (wire != Wire.PLAIN || ((ours | kernels) & TSO) == 0) {
          all.add(
              new Combination(
                  wire, ours, kernels, random.nextInt(SUBSETS), random.nextInt(SUBSETS)));
        }
      }
    }
    if (LONG) {
      return all;
    }
    Collections.shuffle(all, random);
    return all.subList(0, FEW);
  }

  @Test
  @Timeout(3600)
  void plainWire() throws Exception {
    talk(Wire.PLAIN);
  }

  @Test
  @Timeout(3600)
  void wireThatSegmentsButNotInTunnels() throws Exception {
    talk(Wire.NOTUNNEL);
  }

  @Test
  @Timeout(3600)
  void wireThatSegmentsAll() throws Exception {
    talk(Wire.FULL);
  }

  private void talk(Wire wire) throws Exception {
    for (String namespace : List.of(node.namespace, kernel)) {
      // What a device has not is "[fixed]", and no fault here.
      TestNamespaces.in(namespace, "sh", "-c", "ethtool -K u0 " + wire.features + " || true");
    }
    // Where they leave: on receipt GRO has joined them before tcpdump sees them.
    WireCapture capture = new WireCapture(folder, node.namespace, "u0", "udp and src 10.99.0.1");
    int count = 0;
    for (Combination combination : combinations(wire)) {
      try {
        offloads(combination);
        talk(count++ % 2 == 1);
      } catch (AssertionError | Exception e) {
        throw new AssertionError("-Dmeshd.seed=" + SEED + ": " + combination, e);
      }
    }
    capture.end();
    nothingIsWrong(capture, count);
    for (String reason :
        List.of("inner_malformed", "malformed", "underlay_error", "vxlan_malformed")) {
      assertEquals(0, node.counter("dropped." + reason), reason);
    }
  }

  private void offloads(Combination combination) {
    set(node.namespace, "ethtool -K u0 " + words(combination.ours));
    set(task, "ethtool -K eth0 " + words(combination.task));
    set(
        kernel,
        "ethtool -K u0 "
            + words(combination.kernels)
            + "; ethtool -K vx0 "
            + words(combination.vxlan));
  }

  private static void set(String namespace, String command) {
    TestNamespaces.in(namespace, "sh", "-c", "{ " + command + "; } || true");
  }

  private static String words(int set) {
    StringBuilder words = new StringBuilder();
    for (int i = 0; i < OFFLOADS.size(); i++) {
      words.append(i == 0 ? "" : " ").append(OFFLOADS.get(i));
      words.append((set & 1 << i) == 0 ? " off" : " on");
    }
    return words.toString();
  }

  private void talk(boolean ipv6) throws Exception {
    String ours = ipv6 ? "fd00:1::3" : "10.0.1.3";
    String kernels = ipv6 ? KernelVtep.IPV6 : KernelVtep.IP;
    Transfer.check(task, kernel, kernels, TCP_BYTES);
    Transfer.check(kernel, task, ours, TCP_BYTES);
    try (DatagramSocket one = udp(task, ours);
        DatagramSocket other = udp(kernel, kernels)) {
      for (int size : SIZES) {
        exchange(one, other, size);
        exchange(other, one, size);
      }
    }
  }

  private static DatagramSocket udp(String namespace, String address) throws Exception {
    return Netns.call(
        TestNamespaces.path(namespace),
        () -> {
          DatagramSocket socket = new DatagramSocket(new InetSocketAddress(address, 0));
          socket.setSoTimeout(10_000);
          return socket;
        });
  }

  private void exchange(DatagramSocket from, DatagramSocket to, int size) throws Exception {
    byte[] data = new byte[size];
    random.nextBytes(data);
    from.send(new DatagramPacket(data, size, to.getLocalSocketAddress()));
    DatagramPacket received = new DatagramPacket(new byte[8192], 8192);
    to.receive(received);
    assertArrayEquals(data, Arrays.copyOf(received.getData(), received.getLength()));
  }

  /**
   * Inside VXLAN everything is finished when it leaves; outside of it checksums and cutting are
   * left to the device, where it has them.
   */
  private static void nothingIsWrong(WireCapture capture, int combinations) {
    List<String> frames =
        capture.frames(
            "vxlan.vni",
            "ip.checksum.status",
            "udp.checksum.status",
            "tcp.checksum.status",
            "tcp.checksum",
            "frame.number");
    assertTrue(frames.size() > 10 * combinations, "frames " + frames.size());
    for (String frame : frames) {
      String[] fields = frame.split("\t", -1);
      assertEquals("4097", fields[0], frame);
      assertTrue(fields[1].matches("\\d(,1)?"), frame); // IPv6 has none
      assertTrue(fields[2].matches("\\d(,[12])?"), frame); // 2: not all of it is there
      // For a sum of zero a kernel without offload writes the other zero (CSUM_MANGLED_0).
      assertTrue(fields[3].matches("[12]?") || fields[4].equals("0xffff"), frame);
    }
  }
}
