package io.meshd.daemon.state;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The nodes' own addresses: on {@code ingress} from the day a node joins, on another network from
 * the day its tasks are the target of a port published in ingress mode. They stay until the network
 * or the node goes, so that connections in flight keep their source.
 */
final class NodeAddresses {
  private NodeAddresses() {}

  /**
   * Gives every node an address on every network that needs one, oldest node first.
   *
   * @return IDs of the networks on which some node got none because they are full
   */
  static Set<String> complete(Draft draft) {
    Set<String> full = new HashSet<>();
    for (String networkId : needed(draft)) {
      NetworkRecord network = draft.networks.get(networkId);
      if (network == null) {
        continue;
      }
      for (NodeRecord node : draft.nodesByAge()) {
        String key = NodeAddress.key(networkId, node.id());
        if (draft.nodeAddresses.containsKey(key)) {
          continue;
        }
        Optional<Attachment> attachment = draft.attach(network);
        if (attachment.isEmpty()) {
          full.add(networkId);
          break;
        }
        draft.nodeAddresses =
            draft.nodeAddresses.plus(key, new NodeAddress(node.id(), attachment.get()));
      }
    }
    return full;
  }

  private static Set<String> needed(Draft draft) {
    Set<String> needed = new HashSet<>();
    draft.nodeAddresses.values().forEach(a -> needed.add(a.attachment().networkId()));
    draft.networks.values().stream()
        .filter(NetworkRecord::ingress)
        .forEach(network -> needed.add(network.id()));
    draft.services.values().stream()
        .filter(service -> ServiceSpecs.publishesIngress(service.ports()))
        .filter(service -> !ServiceSpecs.networks(service.spec()).isEmpty())
        .forEach(service -> needed.add(ServiceSpecs.networks(service.spec()).getFirst().target()));
    return new TreeSet<>(needed);
  }
}
