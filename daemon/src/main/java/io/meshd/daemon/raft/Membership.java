package io.meshd.daemon.raft;

import io.atomix.cluster.MemberId;
import io.atomix.protocols.raft.RaftError;
import io.atomix.protocols.raft.RaftServer;
import io.atomix.protocols.raft.cluster.RaftMember;
import io.atomix.protocols.raft.cluster.impl.RaftClusterContext;
import io.atomix.protocols.raft.impl.RaftContext;
import io.atomix.protocols.raft.protocol.ConfigureRequest;
import io.atomix.protocols.raft.protocol.JoinRequest;
import io.atomix.protocols.raft.protocol.JoinResponse;
import io.atomix.protocols.raft.protocol.LeaveRequest;
import io.atomix.protocols.raft.protocol.LeaveResponse;
import io.atomix.protocols.raft.protocol.RaftResponse;
import io.atomix.protocols.raft.storage.system.Configuration;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who belongs to the log: what the leader lets change, before Atomix changes it, and what is kept
 * of it. On the Raft thread where nothing else is said.
 *
 * <p>Atomix keeps a configuration on disk only once it is committed, though it counts from the
 * moment it is known (Raft thesis 4.1); here it is kept at once.
 */
final class Membership {
  /** Swarm's words (swarmkit manager/state/raft, ErrCannotRemoveMember). */
  static final String LOSES_QUORUM =
      "raft: member cannot be removed, because removing it may result in loss of quorum";

  private final Contact contact;
  private final Duration recent;
  private long kept = -1;

  /** {@code recent}: who answered within that time counts as reachable. */
  Membership(Contact contact, Duration recent) {
    this.contact = contact;
    this.recent = recent;
  }

  /** On any thread. */
  static List<String> names(RaftContext raft) {
    return raft.getCluster().getMembers().stream()
        .map(member -> member.memberId().id())
        .sorted()
        .toList();
  }

  /** Empty where this member does not lead. On any thread. */
  Map<String, Boolean> reachable(RaftContext raft) {
    if (!raft.isLeader()) {
      return Map.of();
    }
    MemberId self = raft.getCluster().getMember().memberId();
    Map<String, Boolean> all = new LinkedHashMap<>();
    for (String name : names(raft)) {
      MemberId member = MemberId.from(name);
      all.put(name, member.equals(self) || contact.within(member, recent));
    }
    return all;
  }

  /**
   * A member that is not known may only join as one that votes later: one that believes to vote
   * already was taken out while it was away. Null where Atomix is to answer.
   */
  @Nullable JoinResponse refusal(RaftContext raft, JoinRequest request) {
    boolean known = raft.getCluster().getMember(request.member().memberId()) != null;
    if (known
        || raft.getRole() != RaftServer.Role.LEADER
        || request.member().getType() == RaftMember.Type.PROMOTABLE) {
      return null;
    }
    return JoinResponse.builder()
        .withStatus(RaftResponse.Status.ERROR)
        .withError(RaftError.Type.ILLEGAL_MEMBER_STATE, Departures.TAKEN_OUT)
        .build();
  }

  /** The answer to a member's leaving; null where Atomix is to answer. */
  @Nullable LeaveResponse refusal(RaftContext raft, LeaveRequest request) {
    MemberId leaving = request.member().memberId();
    if (raft.getRole() == RaftServer.Role.LEADER
        && raft.getCluster().getMember(leaving) == null
        && raft.getCluster().getConfiguration().index() <= raft.getCommitIndex()) {
      return isOut(raft.getCluster().getConfiguration());
    }
    if (raft.getRole() != RaftServer.Role.LEADER
        || !voting(raft).stream().anyMatch(leaving::equals)) {
      return null;
    }
    if (leaving.equals(raft.getCluster().getMember().memberId())) {
      return refused(RaftError.Type.ILLEGAL_MEMBER_STATE, "the leader has to step down first");
    }
    Map<String, Boolean> reachable = reachable(raft);
    long remaining = voting(raft).size() - 1L;
    long there =
        voting(raft).stream()
            .filter(member -> !member.equals(leaving))
            .filter(member -> reachable.getOrDefault(member.id(), false))
            .count();
    return there > remaining / 2 ? null : refused(RaftError.Type.CONFIGURATION_ERROR, LOSES_QUORUM);
  }

  /** Atomix' own answer for a member that is none any more fails its own check, and is not sent. */
  private static LeaveResponse isOut(Configuration known) {
    return LeaveResponse.builder()
        .withStatus(RaftResponse.Status.OK)
        .withIndex(known.index())
        .withTerm(known.term())
        .withTime(known.time())
        .withMembers(known.members())
        .build();
  }

  private static LeaveResponse refused(RaftError.Type type, String words) {
    return LeaveResponse.builder()
        .withStatus(RaftResponse.Status.ERROR)
        .withError(type, words)
        .build();
  }

  private static Collection<MemberId> voting(RaftContext raft) {
    return raft.getCluster().getMembers().stream()
        .filter(member -> member.getType() == RaftMember.Type.ACTIVE)
        .map(RaftMember::memberId)
        .toList();
  }

  /**
   * Lets go of a configuration that an earlier leader had told and that was never committed, when a
   * later leader tells an older one: Atomix would keep the one with the higher index.
   */
  void giveWay(RaftContext raft, ConfigureRequest request) {
    Configuration known = raft.getCluster().getConfiguration();
    if (known == null
        || request.term() < raft.getTerm()
        || known.term() >= request.term()
        || known.index() <= raft.getCommitIndex()
        || !supersedes(known, request)) {
      return;
    }
    try {
      Field field = RaftClusterContext.class.getDeclaredField("configuration");
      field.setAccessible(true);
      field.set(
          raft.getCluster(),
          new Configuration(request.index() - 1, known.term(), known.time(), known.members()));
      kept = -1;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the Raft cluster has no configuration", e);
    }
  }

  private static boolean supersedes(Configuration known, ConfigureRequest request) {
    return request.index() < known.index()
        || (request.index() == known.index()
            && !Set.copyOf(request.members()).equals(Set.copyOf(known.members())));
  }

  /** Writes the present configuration to disk if it is not there. */
  void keep(RaftContext raft) {
    Configuration known = raft.getCluster().getConfiguration();
    if (known != null && known.index() > kept) {
      Configuration stored = raft.getMetaStore().loadConfiguration();
      if (stored == null || kept < 0 || stored.index() < known.index()) {
        raft.getMetaStore().storeConfiguration(known);
      }
      kept = known.index();
    }
  }
}
