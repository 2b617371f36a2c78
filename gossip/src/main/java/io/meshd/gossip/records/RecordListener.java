package io.meshd.gossip.records;

import io.meshd.gossip.wire.Bytes;
import org.jspecify.annotations.Nullable;

/** Hears of records of others; on the core's thread. */
public interface RecordListener {
  /**
   * A record is there, has changed, or is there no longer: withdrawn, its owner dead or departed.
   *
   * @param value null when it is gone
   */
  void record(String topic, String owner, String key, @Nullable Bytes value);

  /** A living member follows a topic, or no longer. */
  void follows(String topic, String member, boolean follows);

  /**
   * All that an owner has in a topic is known, after it was not: what was not told before this is
   * not there. Told again when the owner returns.
   */
  void complete(String topic, String owner);
}
