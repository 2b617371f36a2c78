package io.meshd.gossip.records;

import io.meshd.gossip.wire.Bytes;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What members of ours say about records. A version is the owner's run (epoch, rises with each
 * start) and a number that rises with each of its changes in any topic.
 */
sealed interface RecordMessage {
  /**
   * One change, in a packet.
   *
   * @param before number of the owner's change in this topic before this one
   * @param value null when the record is withdrawn
   * @param here false when the value is too large for a packet and must be pulled
   */
  record Delta(
      String topic,
      String owner,
      long epoch,
      long number,
      long before,
      String key,
      @Nullable Bytes value,
      boolean here)
      implements RecordMessage {}

  /** A record in a snapshot; value null for one that is withdrawn. */
  record Entry(String key, long number, @Nullable Bytes value) {}

  /**
   * What there is of an owner in a topic up to a number: what has a number up to {@code since} and
   * is not kept is gone, and so is everything else up to {@code upTo} that is not here.
   *
   * @param since the asker has everything up to here; -1 for nothing
   * @param kept numbers of the records up to {@code since} that are still there
   */
  record Snapshot(
      String topic,
      String owner,
      long epoch,
      long upTo,
      long since,
      List<Long> kept,
      List<Entry> entries) {}

  /** Several, as the answer to {@link Pull}; what was too much is asked for again. */
  record Snapshots(List<Snapshot> snapshots) implements RecordMessage {}

  /**
   * What a member has of an owner in a topic, in short.
   *
   * @param upTo complete up to this number; -1 when it is not known how far
   * @param whole false while something before what came last is missing
   */
  record Digest(
      String topic, String owner, long epoch, long upTo, int count, long hash, boolean whole) {}

  /** A member's digests of the topics it follows; the answer are the other side's of the same. */
  record Digests(String from, List<String> topics, List<Digest> digests) implements RecordMessage {}

  /** A wish for a snapshot; since as there. */
  record Want(String topic, String owner, long epoch, long since) {}

  /** A wish for snapshots. */
  record Pull(String from, List<Want> wants) implements RecordMessage {}

  /** A hash over everything that sender and receiver both follow, in a packet. */
  record Summary(String from, long hash) implements RecordMessage {}
}
