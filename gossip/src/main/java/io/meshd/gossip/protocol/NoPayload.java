package io.meshd.gossip.protocol;

import io.meshd.gossip.membership.Peer;
import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.PushPull.Liveness;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Of a member that carries nothing. */
public class NoPayload implements PayloadDelegate {
  @Override
  public void start() {}

  @Override
  public Bytes state() {
    return Bytes.EMPTY;
  }

  @Override
  public void merge(Bytes state) {}

  @Override
  public void message(Bytes payload) {}

  @Override
  public @Nullable Bytes request(Bytes payload) {
    return null;
  }

  @Override
  public Set<Peer> audience() {
    return Set.of();
  }

  @Override
  public void fill(Peer peer, int room, int maxMessages, List<byte[]> messages) {}

  @Override
  public void changed(Peer peer, Liveness before) {}

  @Override
  public void forgotten(Peer peer) {}
}
