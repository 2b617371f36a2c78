package io.meshd.gossip;

import io.meshd.gossip.records.RecordListener;

/** Hears of members and records; on the gossip thread, which it must not hold up. */
public interface GossipListener extends RecordListener {
  /** A member is new, or its state, address or tags are; also when it was forgotten: then LEFT. */
  void member(Member member);
}
