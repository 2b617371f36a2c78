package io.meshd.daemon.raft;

import io.atomix.cluster.MemberId;
import io.atomix.protocols.raft.impl.RaftContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Members that were taken out: they are told so when they ask for votes, and this one learns here
 * that it is out itself. A name is never used twice, so who left has left for good.
 */
final class Departures {
  /** In an error to a member that is none any more; goes between versions. */
  static final String TAKEN_OUT = "this member was taken out";

  private static final Logger LOG = LoggerFactory.getLogger(Departures.class);
  private static final int REMEMBERED = 64;

  private final Executor changes;
  private final List<Runnable> listeners = new ArrayList<>();
  private volatile boolean gone;
  private final Map<String, Long> left =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > REMEMBERED;
        }
      };
  private @Nullable RaftContext raft;

  /** {@code changes}: on which the listener is told. */
  Departures(Executor changes) {
    this.changes = changes;
  }

  void bind(RaftContext context) {
    raft = context;
  }

  /** The configuration of that index has them no more. On the Raft thread. */
  void left(Set<String> members, long index) {
    members.forEach(member -> left.put(member, index));
  }

  /** Whether a committed configuration has left the member out. On the Raft thread. */
  boolean departed(String member) {
    Long index = left.get(member);
    RaftContext context = raft;
    return index != null
        && context != null
        && index <= context.getCommitIndex()
        && context.getCluster().getMember(MemberId.from(member)) == null;
  }

  /** This member is none any more. */
  synchronized void takenOut() {
    if (!gone) {
      gone = true;
      LOG.info("this manager was taken out of the cluster's log");
      listeners.forEach(changes::execute);
    }
  }

  boolean isTakenOut() {
    return gone;
  }

  /** Each listener is told once, at once where it has happened. */
  synchronized void onTakenOut(Runnable listener) {
    listeners.add(listener);
    if (gone) {
      changes.execute(listener);
    }
  }
}
