package io.meshd.testcluster.history;

import static java.util.Objects.requireNonNull;

import io.meshd.testcluster.history.Operation.Kind;
import io.meshd.testcluster.history.Operation.Outcome;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Linearizability of a register that is only written by compare-and-set. As each value is written
 * once and says which one it replaces, there is only one order in which the writes can have been:
 * the chain of values. What remains is whether that order fits the times: nothing may stand before
 * what was over when it began. So n log n, where a register with blind writes needs a search.
 *
 * <p>A write without an answer stands in the chain when somebody saw it, and nowhere otherwise.
 */
public final class RegisterCheck {
  private final String initial;
  private final List<String> violations = new ArrayList<>();

  /** By value. */
  private final Map<String, Operation> writes = new HashMap<>();

  /** Those that took effect, by the value that they replaced. */
  private final Map<String, Operation> successors = new HashMap<>();

  /** Of every value that was there: its place in the chain. */
  private final Map<String, Integer> places = new HashMap<>();

  private RegisterCheck(String initial) {
    this.initial = initial;
  }

  /**
   * @param history all operations on one key
   * @return what cannot have been, in words; empty for a history that is linearizable
   */
  public static List<String> check(String initial, List<Operation> history) {
    RegisterCheck check = new RegisterCheck(initial);
    check.chain(history);
    if (check.violations.isEmpty()) {
      check.times(history);
    }
    return check.violations;
  }

  private void chain(List<Operation> history) {
    Deque<String> effective = new ArrayDeque<>();
    for (Operation operation : history) {
      if (operation.kind() == Kind.WRITE && writes.put(operation.value(), operation) != null) {
        throw new IllegalArgumentException("written twice: " + operation);
      }
      if (operation.done()) {
        effective.add(operation.value());
      }
    }
    while (!effective.isEmpty()) {
      String value = effective.remove();
      Operation write = writes.get(value);
      if (value.equals(initial) || (write != null && write.equals(successors.get(based(write))))) {
        continue;
      }
      if (write == null) {
        violations.add("nobody wrote " + value);
      } else if (write.outcome() == Outcome.REFUSED) {
        violations.add("refused, and there: " + write);
      } else {
        Operation other = successors.put(based(write), write);
        if (other != null) {
          violations.add("both replace the same: " + other + " and " + write);
        }
        effective.add(based(write));
      }
    }
    int place = 0;
    for (String value = initial; value != null; value = next(value)) {
      places.put(value, place++);
    }
    for (Operation write : successors.values()) {
      if (violations.isEmpty() && !places.containsKey(write.value())) {
        violations.add("replaces what was never there: " + write);
      }
    }
  }

  private static String based(Operation write) {
    return requireNonNull(write.basedOn());
  }

  private @Nullable String next(String value) {
    Operation write = successors.get(value);
    return write == null || places.containsKey(write.value()) ? null : write.value();
  }

  /** A value's readers come after its writer, among themselves in any order. */
  private int rank(Operation operation) {
    int place = requireNonNull(places.get(operation.value()));
    return 2 * place + (operation.kind() == Kind.READ ? 1 : 0);
  }

  private void times(List<Operation> history) {
    List<Operation> placed =
        history.stream()
            .filter(o -> o.done() || (o.kind() == Kind.WRITE && places.containsKey(o.value())))
            .filter(o -> o.outcome() != Outcome.REFUSED)
            .toList();
    List<Operation> begun =
        placed.stream().sorted(Comparator.comparingLong(Operation::invoked)).toList();
    List<Operation> over =
        placed.stream()
            .filter(Operation::done)
            .sorted(Comparator.comparingLong(Operation::completed))
            .toList();
    int next = 0;
    Operation furthest = null;
    for (Operation operation : begun) {
      for (; next < over.size() && over.get(next).before(operation); next++) {
        if (furthest == null || rank(over.get(next)) > rank(furthest)) {
          furthest = over.get(next);
        }
      }
      if (furthest != null && rank(furthest) > rank(operation)) {
        violations.add("out of order: " + operation + " after " + furthest);
      }
    }
  }
}
