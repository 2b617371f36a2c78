package io.meshd.daemon.state;

/**
 * Both rings of keys on their way to new first keys. No node sends with a key before every node
 * that can be reached holds it:
 *
 * <pre>
 *             ring            the leader goes on when
 *  WANTED     old [older]     at once, with new keys
 *  READABLE   old new [older] the nodes hold these rings
 *  SENDING    new old         the nodes hold these rings, so that none sends with the old ones
 *  (none)     new old         12 hours have passed
 *             new             a node was removed, so that the old ones are to be worth nothing
 * </pre>
 *
 * @param since of the step, RFC 3339
 * @param forget whether the old keys go at its end: a removed node knows them
 * @param again whether another rotation is to follow: a removed node knows the new keys too
 */
public record KeyRotation(Step step, String since, boolean forget, boolean again) {
  /** Names are in the state: append-only. */
  public enum Step {
    WANTED,
    READABLE,
    SENDING
  }
}
