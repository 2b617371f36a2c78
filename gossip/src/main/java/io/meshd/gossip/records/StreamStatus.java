package io.meshd.gossip.records;

import io.meshd.gossip.records.RecordMessage.Digest;

/**
 * What a node has of an owner in a topic, in short. Two nodes with the same have the same records.
 *
 * @param topic empty for the one that says who follows what
 * @param epoch the owner's run
 * @param upTo complete up to this change of it; -1 when that is not known
 * @param whole false while something is known to be missing
 */
public record StreamStatus(
    String topic, String owner, long epoch, long upTo, int count, long hash, boolean whole) {
  static StreamStatus of(Digest digest) {
    return new StreamStatus(
        digest.topic(),
        digest.owner(),
        digest.epoch(),
        digest.upTo(),
        digest.count(),
        digest.hash(),
        digest.whole());
  }
}
