package io.meshd.dataplane.bench;

import io.meshd.dataplane.Dataplane;
import io.meshd.dataplane.DataplaneConfig;
import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.ForwardingSpec.Address;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.MacAddress;
import io.meshd.dataplane.TapAttachment;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * One node with one endpoint and one peer, for benchmarks: run it in the node's namespace. Prints
 * {@code ready} when the endpoint's device eth0 (down, without address) is there; at the end of its
 * input prints the counters and stops.
 *
 * <pre>OverlayNode VTEP REMOTE-VTEP NETNS-PATH IP REMOTE-IP LOOPS</pre>
 */
public final class OverlayNode {
  private static final int VXLAN_PORT = 4789;
  private static final int VNI = 42;

  private OverlayNode() {}

  public static void main(String[] args) throws IOException {
    Ipv4Address vtep = Ipv4Address.parse(args[0]);
    Ipv4Address remote = Ipv4Address.parse(args[1]);
    int loops = Integer.parseInt(args[5]);
    try (Dataplane dataplane = Dataplane.open(new DataplaneConfig(vtep, VXLAN_PORT, loops))) {
      dataplane.attachTap(new TapAttachment("task", Path.of(args[2]), "eth0"));
      dataplane.apply(
          new ForwardingSpec(
              List.of(
                  new ForwardingSpec.Network(
                      "bench",
                      "bench",
                      VNI,
                      Ipv4Address.parse("10.0.1.1"),
                      null,
                      List.of(new ForwardingSpec.LocalPort("task", address(args[3]))),
                      List.of(new ForwardingSpec.RemoteEndpoint(address(args[4]), remote)),
                      List.of(remote),
                      false))));
      System.out.println("ready");
      int ignored;
      do {
        ignored = System.in.read();
      } while (ignored >= 0);
      dataplane.counters().forEach((name, value) -> System.out.println(name + " " + value));
      dataplane.detachTap("task");
    }
  }

  private static Address address(String text) {
    Ipv4Address ip = Ipv4Address.parse(text);
    return new Address(ip, new MacAddress(0x0242_0000_0000L | (ip.bits() & 0xffffffffL)));
  }
}
