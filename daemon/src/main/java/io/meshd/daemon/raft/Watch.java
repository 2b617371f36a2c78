package io.meshd.daemon.raft;

import io.atomix.protocols.raft.RaftServer;
import io.atomix.protocols.raft.cluster.impl.RaftMemberContext;
import io.atomix.protocols.raft.impl.RaftContext;
import io.atomix.utils.concurrent.Scheduled;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the Raft server with every heartbeat, on its thread: tells who came and went; has a
 * leader step down that no majority answers (Atomix judges that by the time of day), or hand over
 * when its disk is full, and never give up a member.
 */
final class Watch {
  private static final Logger LOG = LoggerFactory.getLogger(Watch.class);

  /** With one more Atomix begins to wait. */
  private static final int MOST_FAILURES = 4;

  private final RaftContext raft;
  private final Contact contact;
  private final Departures departures;
  private final Membership membership;
  private final DiskSpace disk;
  private final Changes handover;
  private final Executor changes;
  private final List<ReplicatedLog.MembersListener> listeners = new CopyOnWriteArrayList<>();
  private List<String> known;
  private RaftServer.Role role = RaftServer.Role.INACTIVE;
  private long since = System.nanoTime();
  private @Nullable Scheduled timer;

  Watch(
      RaftContext raft,
      Contact contact,
      Departures departures,
      Membership membership,
      DiskSpace disk,
      Changes handover,
      Executor changes) {
    this.raft = raft;
    this.contact = contact;
    this.departures = departures;
    this.membership = membership;
    this.disk = disk;
    this.handover = handover;
    this.changes = changes;
    this.known = Membership.names(raft);
  }

  void start() {
    Duration interval = raft.getHeartbeatInterval();
    timer = raft.getThreadContext().schedule(interval, interval, this::look);
  }

  void stop() {
    if (timer != null) {
      timer.cancel();
    }
  }

  void add(ReplicatedLog.MembersListener listener) {
    changes.execute(
        () -> {
          listeners.add(listener);
          tell(listener, Membership.names(raft));
        });
  }

  private void look() {
    if (role != raft.getRole()) {
      role = raft.getRole();
      since = System.nanoTime();
    }
    members();
    Duration twice = raft.getElectionTimeout().multipliedBy(2);
    if (role == RaftServer.Role.LEADER
        && longerThan(twice)
        && !contact.majorityWithin(raft, twice)) {
      LOG.warn("no majority of the managers answers: this manager leads no more");
      raft.setLeader(null);
      raft.transition(RaftServer.Role.FOLLOWER);
    }
    if (role == RaftServer.Role.LEADER) {
      raft.getCluster().getRemoteMemberStates().forEach(Watch::tryAgain);
    }
    if (role == RaftServer.Role.LEADER && !disk.hasRoom() && longerThan(twice)) {
      since = System.nanoTime();
      var _ = handover.stepDown();
    }
  }

  /**
   * A leader of Atomix says less and less to a member that does not answer, up to a minute apart by
   * the clock that jumps; one that is back would have no leader for so long, and no other either.
   */
  private static void tryAgain(RaftMemberContext member) {
    if (member.getFailureCount() >= MOST_FAILURES) {
      member.resetFailureCount();
    }
  }

  private boolean longerThan(Duration time) {
    return System.nanoTime() - since > time.toNanos();
  }

  private void members() {
    List<String> now = Membership.names(raft);
    if (now.equals(known)) {
      return;
    }
    Set<String> left = new HashSet<>(known);
    now.forEach(left::remove);
    departures.left(left, raft.getCluster().getConfiguration().index());
    known = now;
    membership.keep(raft);
    changes.execute(() -> listeners.forEach(listener -> tell(listener, now)));
  }

  private static void tell(ReplicatedLog.MembersListener listener, List<String> members) {
    try {
      listener.onMembers(members);
    } catch (RuntimeException e) {
      LOG.error("A listener of the log's members failed", e);
    }
  }
}
