package io.meshd.daemon.tasks;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.meshd.api.Json;
import io.meshd.daemon.disk.DurableFiles;
import io.meshd.daemon.linux.NodeBridges;
import io.meshd.ipam.AddressPool;
import io.meshd.ipam.Cidr;
import io.meshd.ipam.Ipv4;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.OptionalInt;

/**
 * Addresses on this node's own bridges, handed out serially. Which are in use is what the tasks
 * say; where the search goes on is kept on disk.
 */
final class BridgeAddresses {
  private final Path file;
  private final NodeBridges.Subnets subnets;

  private record Next(@JsonProperty("local") long local, @JsonProperty("gateway") long gateway) {}

  BridgeAddresses(Path file, NodeBridges.Subnets subnets) {
    this.file = file;
    this.subnets = subnets;
  }

  /**
   * The next free one.
   *
   * @param gateway on the gateway bridge, else on the local bridge
   * @param inUse addresses of all tasks, of either bridge
   * @throws IOException in words when the subnet is exhausted
   */
  String allocate(boolean gateway, Collection<String> inUse) throws IOException {
    Next next = next();
    String subnet = gateway ? subnets.gateway() : subnets.local();
    Cidr cidr = Cidr.parse(subnet);
    AddressPool pool = new AddressPool(cidr, null, gateway ? next.gateway() : next.local());
    pool.reserve(Ipv4.parse(NodeBridges.gatewayOf(subnet)));
    for (String used : inUse) {
      int address = Ipv4.parse(used);
      if (cidr.contains(address)) {
        pool.reserve(address);
      }
    }
    OptionalInt found = pool.allocate();
    if (found.isEmpty()) {
      throw new IOException("no address is left on this node's bridge " + subnet);
    }
    DurableFiles.write(
        file,
        Json.bytes(
            gateway ? new Next(next.local(), pool.next()) : new Next(pool.next(), next.gateway())));
    return Ipv4.format(found.getAsInt());
  }

  private Next next() throws IOException {
    try {
      return Json.MAPPER.readValue(Files.readAllBytes(file), Next.class);
    } catch (NoSuchFileException e) {
      return new Next(0, 0);
    }
  }
}
