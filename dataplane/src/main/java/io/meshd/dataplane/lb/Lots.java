package io.meshd.dataplane.lb;

import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Those of some candidates that take new flows, to be drawn by weight: each has an interval as long
 * as its weight, and a number is looked for among their ends. Immutable; drawing allocates nothing.
 */
final class Lots {
  private final Candidate[] candidates;

  /** Where the interval of each one ends, itself not within it. */
  private final long[] ends;

  /**
   * @param onlyLocal leaves out those on other nodes
   */
  Lots(List<Candidate> from, boolean onlyLocal) {
    candidates =
        from.stream()
            .filter(candidate -> candidate.takesFlows() && (candidate.local() || !onlyLocal))
            .toArray(Candidate[]::new);
    ends = new long[candidates.length];
    long end = 0;
    for (int i = 0; i < ends.length; i++) {
      end += candidates[i].weight();
      ends[i] = end;
    }
  }

  boolean isEmpty() {
    return candidates.length == 0;
  }

  /** There must be one. */
  Candidate draw(RandomGenerator random) {
    long number = random.nextLong(ends[ends.length - 1]);
    int found = Arrays.binarySearch(ends, number + 1);
    return candidates[found < 0 ? -found - 1 : found];
  }

  Candidate[] candidates() {
    return candidates;
  }
}
