package io.meshd.testcluster.history;

import io.meshd.testcluster.history.Operation.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Objects that are made once and removed once, under names that are never used again: whoever looks
 * sees what was made before, and not what was removed before. {@link #MADE} and {@link #REMOVED}
 * are the values written.
 */
public final class PresenceCheck {
  public static final String MADE = "made";
  public static final String REMOVED = "removed";

  /**
   * One look at all objects.
   *
   * @param keys of those that were there
   */
  public record Look(String client, Set<String> keys, long invoked, long completed) {}

  private PresenceCheck() {}

  /** What became of one object, as far as clients know. */
  private static final class Life {
    long askedFor = Long.MAX_VALUE;
    long surelyMade = Long.MAX_VALUE;
    long perhapsRemoved = Long.MAX_VALUE;
    long surelyRemoved = Long.MAX_VALUE;
    boolean refused;

    void take(Operation operation) {
      boolean done = operation.done();
      if (operation.value().equals(MADE)) {
        askedFor = operation.invoked();
        surelyMade = done ? operation.completed() : Long.MAX_VALUE;
        refused = operation.outcome() == Operation.Outcome.REFUSED;
      } else if (operation.outcome() != Operation.Outcome.REFUSED) {
        // It may be asked for again where there was no answer.
        perhapsRemoved = Math.min(perhapsRemoved, operation.invoked());
        surelyRemoved = done ? Math.min(surelyRemoved, operation.completed()) : surelyRemoved;
      }
    }
  }

  /**
   * @param history writes, of all keys
   */
  public static List<String> check(List<Operation> history, List<Look> looks) {
    Map<String, Life> lives = new TreeMap<>();
    for (Operation operation : history) {
      if (operation.kind() == Kind.WRITE) {
        lives.computeIfAbsent(operation.key(), key -> new Life()).take(operation);
      }
    }
    List<String> violations = new ArrayList<>();
    List<Look> inOrder = looks.stream().sorted(Comparator.comparingLong(Look::completed)).toList();
    for (Look look : inOrder) {
      String when = " for %s at %.3f".formatted(look.client, look.invoked / 1e9);
      for (String key : look.keys) {
        Life life = lives.get(key);
        if (life == null || life.askedFor > look.completed) {
          violations.add("nobody made " + key + ", it is there" + when);
        } else if (life.refused) {
          violations.add(key + " was refused and is there" + when);
        } else if (life.surelyRemoved < look.invoked) {
          violations.add(key + " was removed and is there" + when);
        } else if (life.surelyMade == Long.MAX_VALUE) {
          life.surelyMade = look.completed; // whoever looks later sees it too
        }
      }
      lives.forEach(
          (key, life) -> {
            if (life.surelyMade < look.invoked
                && life.perhapsRemoved > look.completed
                && !look.keys.contains(key)) {
              violations.add(key + " was made and is missing" + when);
            }
          });
    }
    return violations;
  }
}
