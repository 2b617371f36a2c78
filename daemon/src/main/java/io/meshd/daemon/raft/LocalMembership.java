package io.meshd.daemon.raft;

import io.atomix.cluster.ClusterMembershipEventListener;
import io.atomix.cluster.ClusterMembershipService;
import io.atomix.cluster.Member;
import io.atomix.cluster.MemberId;
import io.atomix.utils.net.Address;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** All that a Raft server asks of Atomix's membership: who it is itself. */
final class LocalMembership implements ClusterMembershipService {
  private final Member self;

  LocalMembership(String id) {
    // The address is never used: messages go by member ID over our transport.
    this.self = Member.member(MemberId.from(id), Address.from("127.0.0.1:1"));
  }

  @Override
  public Member getLocalMember() {
    return self;
  }

  @Override
  public Set<Member> getMembers() {
    return Set.of(self);
  }

  @Override
  public @Nullable Member getMember(MemberId id) {
    return id.equals(self.id()) ? self : null;
  }

  @Override
  public void addListener(ClusterMembershipEventListener listener) {
    // Members come and go in the log, not here.
  }

  @Override
  public void removeListener(ClusterMembershipEventListener listener) {
    // None is kept.
  }
}
