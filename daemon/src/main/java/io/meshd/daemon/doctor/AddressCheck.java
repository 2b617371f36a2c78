package io.meshd.daemon.doctor;

import io.meshd.daemon.state.NodeRecord;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;

/** The address that this node's VXLAN leaves from is still its own, and its interface the same. */
final class AddressCheck implements Check {
  @Override
  public String name() {
    return "address";
  }

  @Override
  public void look(Subject subject, Notes notes) throws IOException {
    NodeRecord self = subject.self();
    if (self == null) {
      notes.warning(
          "this node is not in the state that it has",
          "see by `meshctl node ls` on a manager whether it was removed");
      return;
    }
    NetworkInterface device = NetworkInterface.getByInetAddress(InetAddress.ofLiteral(self.vtep()));
    if (device == null) {
      notes.error(
          "no interface has %s, which this node's VXLAN comes from and goes to"
              .formatted(self.vtep()),
          "give the address back to its interface, or leave and join with the new one");
      return;
    }
    int mtu = device.getMTU();
    int known = subject.dataplane().underlayMtu();
    if (!device.isLoopback() && mtu != known) {
      notes.warning(
          "%s has an MTU of %d, and had %d when meshd started"
              .formatted(device.getName(), mtu, known),
          "set it back to %d, or restart meshd to have the networks follow".formatted(known));
      return;
    }
    notes.ok("%s has %s, MTU %d".formatted(device.getName(), self.vtep(), mtu));
  }
}
