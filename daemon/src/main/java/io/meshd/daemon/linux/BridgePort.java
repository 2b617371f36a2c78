package io.meshd.daemon.linux;

import io.meshd.ipam.Ipv4;
import io.meshd.ipam.Mac;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A veth from a task's namespace to one of the node's bridges, with the default route over it.
 *
 * @param hostDevice name on the host, at most 15 bytes
 * @param device name in the namespace
 * @param address dotted IPv4 in the bridge's /16
 * @param isolated true where ports of the bridge may not reach each other
 */
public record BridgePort(
    String hostDevice,
    Path netns,
    String device,
    String bridge,
    String subnet,
    String address,
    boolean isolated) {

  /** The host's end, and the other end in the namespace: made together or not at all. */
  public void hostChanges(IpChanges changes) {
    changes
        .make(
            "link add name "
                + hostDevice
                + " mtu "
                + NodeBridges.MTU
                + " type veth peer name "
                + device
                + " netns "
                + netns)
        .line("link set dev " + hostDevice + " addrgenmode none master " + bridge + " up")
        .line(
            "link set dev "
                + hostDevice
                + " type bridge_slave isolated "
                + (isolated ? "on" : "off"));
  }

  /** Address, MAC and default route inside; the host's end must be there. */
  public void insideChanges(IpChanges changes) {
    String net = subnet.substring(0, subnet.indexOf(".0.0/"));
    changes
        .line(
            "link set dev "
                + device
                + " address "
                + Mac.of(Ipv4.parse(address))
                + " mtu "
                + NodeBridges.MTU
                + " up")
        .line("address replace " + address + "/16 broadcast " + net + ".255.255 dev " + device)
        .line("route replace default via " + NodeBridges.gatewayOf(subnet) + " dev " + device);
  }

  /** Removes it from the host's side, and with it the other end. */
  public static void remove(String hostDevice, @Nullable Path hostNetns) throws IOException {
    new IpChanges().remove("link delete dev " + hostDevice).apply(hostNetns);
  }
}
