package io.meshd.gossip.protocol;

import io.meshd.gossip.membership.Peer;
import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.PushPull.Liveness;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The layer above: what it wants carried is opaque bytes here. Only members whose tags say that
 * they are ours are sent any of it. Called on the core's thread.
 */
public interface PayloadDelegate {
  /** The node begins to talk. */
  void start();

  /** What goes with every exchange of states. */
  Bytes state();

  /** The other side's. */
  void merge(Bytes state);

  /** From a packet. */
  void message(Bytes payload);

  /** From a stream; null when there is no answer. */
  @Nullable Bytes request(Bytes payload);

  /** Members who are to get a packet in this round of gossip. */
  Set<Peer> audience();

  /**
   * Fills a packet to a member of ours.
   *
   * @param room bytes left, see {@link io.meshd.gossip.spi.Transport#room}
   * @param messages encoded; appended to
   */
  void fill(Peer peer, int room, int maxMessages, List<byte[]> messages);

  /** A member of the table changed. */
  void changed(Peer peer, Liveness before);

  /** A member is known no longer. */
  void forgotten(Peer peer);
}
