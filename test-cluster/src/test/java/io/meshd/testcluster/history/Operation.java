package io.meshd.testcluster.history;

import org.jspecify.annotations.Nullable;

/**
 * What one client did to one object, and what it was told.
 *
 * @param client who, with the node that was asked
 * @param key of the object; every object is judged by itself
 * @param value what was written, or read; every written value is written once
 * @param basedOn of a write: the value that it replaces, and no other
 * @param invoked in nanoseconds on one clock, as {@code completed}
 * @param completed when the answer was there; of no meaning where there was none
 */
public record Operation(
    String client,
    Kind kind,
    String key,
    String value,
    @Nullable String basedOn,
    long invoked,
    long completed,
    Outcome outcome) {

  public enum Kind {
    READ,
    WRITE
  }

  public enum Outcome {
    DONE,
    /** The answer says that nothing was changed. */
    REFUSED,
    /** No answer, or one that leaves open whether it is done: now, later or never. */
    UNKNOWN
  }

  boolean done() {
    return outcome == Outcome.DONE;
  }

  /** It had its answer before the other was asked. */
  boolean before(Operation other) {
    return done() && completed < other.invoked;
  }

  @Override
  public String toString() {
    return "%s %s %s=%s%s %s [%.3f, %.3f]"
        .formatted(
            client,
            kind,
            key,
            value,
            basedOn == null ? "" : " after " + basedOn,
            outcome,
            invoked / 1e9,
            completed / 1e9);
  }
}
