package io.meshd.daemon.raft;

import io.atomix.cluster.MemberId;
import io.atomix.protocols.raft.RaftError;
import io.atomix.protocols.raft.RaftServer;
import io.atomix.protocols.raft.impl.RaftContext;
import io.atomix.protocols.raft.protocol.PollRequest;
import io.atomix.protocols.raft.protocol.PollResponse;
import io.atomix.protocols.raft.protocol.RaftResponse;
import io.atomix.protocols.raft.protocol.VoteRequest;
import io.atomix.protocols.raft.protocol.VoteResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Whom this member lets stand for leader, before Atomix decides. On the Raft thread.
 *
 * <p>Atomix polls before it votes (Raft thesis 9.6), but a follower says yes to a poll also while
 * it hears from a leader, and counts votes of members that are none any more. So a member that is
 * cut off one way, or was taken out, could unseat a leader that all others hear. Here a candidate
 * is refused while the leader is heard (4.2.3), unless the leader itself has handed over; and one
 * that is not in the configuration always. A candidate that was not elected is a follower again and
 * has to poll anew, so that terms do not grow in a cut-off corner.
 */
final class Elections {
  private static final long HANDED_OVER_NANOS = Duration.ofSeconds(2).toNanos();

  private final Duration quiet;
  private final Contact contact;
  private final Departures departures;
  private long heard = System.nanoTime() - Duration.ofHours(1).toNanos();
  private long handedOver = heard;
  private long candidacy;

  /**
   * {@code quiet}: silence of the leader after which another may be elected; shorter than the
   * followers' own patience, so that the first to lose it finds the others ready.
   */
  Elections(Duration quiet, Contact contact, Departures departures) {
    this.quiet = quiet;
    this.contact = contact;
    this.departures = departures;
  }

  /** A leader of the present term spoke. */
  void heard() {
    heard = System.nanoTime();
  }

  boolean heardWithin(Duration time) {
    return System.nanoTime() - heard <= time.toNanos();
  }

  /** The leader has agreed that this member takes over. */
  void handedOver() {
    handedOver = System.nanoTime();
  }

  boolean takesOver() {
    return System.nanoTime() - handedOver <= HANDED_OVER_NANOS;
  }

  /** With a new role the next candidacy is the first. */
  void roleChanged() {
    candidacy = 0;
  }

  /**
   * Whether this is the second term that a candidate asks votes for without having been elected.
   */
  boolean failedBefore(long term) {
    if (candidacy == 0) {
      candidacy = term;
    }
    return term > candidacy;
  }

  /** Null where Atomix is to answer. */
  @Nullable PollResponse refusal(RaftContext raft, PollRequest request) {
    if (departures.departed(request.candidate().id())) {
      return PollResponse.builder()
          .withStatus(RaftResponse.Status.ERROR)
          .withError(RaftError.Type.ILLEGAL_MEMBER_STATE, Departures.TAKEN_OUT)
          .build();
    }
    // A leader says no itself, and learns that the other is there.
    if (!belongs(raft, request.candidate())
        || (raft.getRole() != RaftServer.Role.LEADER && heardWithin(quiet))) {
      return PollResponse.builder()
          .withStatus(RaftResponse.Status.OK)
          .withTerm(raft.getTerm())
          .withAccepted(false)
          .build();
    }
    return null;
  }

  /** Null where Atomix is to answer. {@code handedOver}: the leader wants this candidate. */
  @Nullable VoteResponse refusal(RaftContext raft, VoteRequest request, boolean handedOver) {
    boolean led =
        raft.getRole() == RaftServer.Role.LEADER
            ? contact.majorityWithin(raft, quiet)
            : heardWithin(quiet);
    if (belongs(raft, request.candidate()) && (handedOver || !led)) {
      return null;
    }
    return VoteResponse.builder()
        .withStatus(RaftResponse.Status.OK)
        .withTerm(raft.getTerm())
        .withVoted(false)
        .build();
  }

  /**
   * Whoever is in the configuration, with a vote or without: this member may not have heard yet
   * that the candidate has been given one, and without this vote nobody might be elected.
   */
  private static boolean belongs(RaftContext raft, MemberId member) {
    return raft.getCluster().getMember(member) != null;
  }
}
