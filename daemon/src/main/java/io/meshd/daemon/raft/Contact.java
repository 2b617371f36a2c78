package io.meshd.daemon.raft;

import io.atomix.cluster.MemberId;
import io.atomix.protocols.raft.cluster.impl.RaftMemberContext;
import io.atomix.protocols.raft.impl.RaftContext;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * When the others answered this leader last. By the clock that never jumps: Atomix judges by the
 * time of day, which may.
 */
final class Contact {
  private final Map<MemberId, Long> answered = new ConcurrentHashMap<>();

  /** With a new role, what was heard before counts no more. */
  void reset() {
    answered.clear();
  }

  void answered(MemberId member) {
    answered.put(member, System.nanoTime());
  }

  boolean within(MemberId member, Duration time) {
    Long at = answered.get(member);
    return at != null && System.nanoTime() - at <= time.toNanos();
  }

  /** Whether a majority of the voting members, this one counted, answered within the time. */
  boolean majorityWithin(RaftContext raft, Duration time) {
    int here = 1;
    for (RaftMemberContext member : raft.getCluster().getActiveMemberStates()) {
      if (within(member.getMember().memberId(), time)) {
        here++;
      }
    }
    return here >= raft.getCluster().getQuorum();
  }
}
