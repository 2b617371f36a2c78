package io.meshd.daemon.state;

import java.util.BitSet;

/**
 * Small numbers for nodes, from 0 up: what a node has of a resource that all nodes share, such as
 * ports, follows from its number without a word between them. Unlike a position in a list it does
 * not change when another node leaves.
 */
final class NodeNumbers {
  private NodeNumbers() {}

  /** Gives every node that has no number the smallest free one, oldest node first. */
  static void complete(Draft draft) {
    if (draft.nodes.values().stream().allMatch(node -> node.number() != null)) {
      return;
    }
    BitSet taken = new BitSet();
    for (NodeRecord node : draft.nodes.values()) {
      if (node.number() != null) {
        taken.set(node.number());
      }
    }
    for (NodeRecord node : draft.nodesByAge()) {
      if (node.number() == null) {
        int free = taken.nextClearBit(0);
        taken.set(free);
        draft.nodes = draft.nodes.plus(node.id(), numbered(draft, node, free));
      }
    }
  }

  private static NodeRecord numbered(Draft draft, NodeRecord node, int number) {
    return new NodeRecord(
        node.id(),
        draft.version(),
        node.createdAt(),
        node.updatedAt(),
        node.spec(),
        node.description(),
        node.vtep(),
        node.controlAddress(),
        node.status(),
        node.statusMessage(),
        number);
  }
}
