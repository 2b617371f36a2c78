package io.meshd.testcluster.history;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** That nothing is handed out to two at the same time. */
public final class HoldingCheck {

  /**
   * An address, number or port in somebody's hands.
   *
   * @param resource in words, such as {@code VNI 4097}
   * @param from when it was surely handed out: the answer was there
   * @param until when it may have been given back: that was asked for; or {@link Long#MAX_VALUE}
   */
  public record Holding(String resource, String owner, long from, long until) {}

  private HoldingCheck() {}

  public static List<String> check(List<Holding> holdings) {
    Map<String, List<Holding>> byResource = new TreeMap<>();
    holdings.forEach(h -> byResource.computeIfAbsent(h.resource, r -> new ArrayList<>()).add(h));
    List<String> violations = new ArrayList<>();
    byResource.forEach(
        (resource, all) -> {
          all.sort(Comparator.comparingLong(Holding::from));
          Holding longest = all.getFirst();
          for (Holding next : all.subList(1, all.size())) {
            if (next.from < longest.until && !next.owner.equals(longest.owner)) {
              violations.add(resource + " is held by " + longest.owner + " and " + next.owner);
            }
            longest = next.until > longest.until ? next : longest;
          }
        });
    return violations;
  }
}
