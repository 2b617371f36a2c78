package io.meshd.testcluster.history;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.testcluster.history.Operation.Kind;
import io.meshd.testcluster.history.Operation.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RegisterCheckTest {
  @Test
  void whatCanHaveBeenIsNotComplainedOf() {
    good(write("a", "0", 1, 2), read("a", 3, 4));
    good(write("a", "0", 1, 5), read("0", 2, 3), read("a", 4, 6));
    good(write("a", "0", 1, 5), read("a", 2, 3), write("b", "a", 4, 9), read("b", 6, 7));
    good(unknown("a", "0", 1), read("0", 3, 4), read("a", 5, 6));
    good(unknown("a", "0", 1), read("0", 3, 4), write("b", "0", 5, 6), read("b", 7, 8));
    good(refused("a", "0", 1, 2), read("0", 3, 4));
  }

  @Test
  void aLostWriteIsFound() {
    bad("out of order", write("a", "0", 1, 2), read("0", 3, 4));
    bad("both replace", write("a", "0", 1, 2), write("b", "0", 3, 4), read("b", 5, 6));
  }

  @Test
  void aStaleReadIsFound() {
    bad(
        "out of order",
        write("a", "0", 1, 2),
        write("b", "a", 3, 4),
        read("b", 5, 6),
        read("a", 7, 8));
    // Seen by one, and then not by another, while the write itself was under way.
    bad("out of order", write("a", "0", 1, 9), read("a", 2, 3), read("0", 4, 5));
  }

  @Test
  void aWriteThatIsThereTwiceIsFound() {
    bad(
        "out of order",
        write("a", "0", 1, 2),
        write("b", "a", 3, 4),
        read("b", 5, 6),
        read("a", 7, 8),
        write("c", "b", 9, 10));
    bad(
        "both replace",
        write("a", "0", 1, 2),
        unknown("b", "a", 3),
        read("b", 5, 6),
        write("c", "a", 7, 8));
  }

  @Test
  void anotherOrderThanThatOfTheClientsIsFound() {
    bad("out of order", write("b", "a", 1, 2), write("a", "0", 3, 4));
    bad("out of order", read("a", 1, 2), write("a", "0", 3, 4));
    bad("out of order", read("a", 1, 2), unknown("a", "0", 3));
  }

  @Test
  void whatNobodyWroteIsFound() {
    bad("nobody wrote", read("x", 1, 2));
    bad("refused", refused("a", "0", 1, 2), read("a", 3, 4));
    bad("never there", write("b", "a", 1, 2), unknown("a", "b", 1), read("a", 3, 4));
  }

  /** Against a search of all orders, on histories that a register made and on spoiled ones. */
  @Test
  void itSaysWhatASearchSays() {
    Random random = new Random(4);
    int wrong = 0;
    for (int i = 0; i < 20_000; i++) {
      List<Operation> history = made(random);
      if (random.nextBoolean()) {
        spoil(history, random);
      }
      boolean possible = search(history);
      assertEquals(possible, RegisterCheck.check("0", history).isEmpty(), history::toString);
      wrong += possible ? 0 : 1;
    }
    assertTrue(wrong > 2_000 && wrong < 10_000, "wrong ones: " + wrong);
  }

  /** Of three clients at a real register, each operation at some point between its times. */
  private static List<Operation> made(Random random) {
    List<Operation> history = new ArrayList<>();
    String value = "0";
    List<String> past = new ArrayList<>(List.of("0"));
    long[] free = new long[3];
    long now = 0;
    for (int i = 0; i < 8; i++) {
      now += 1 + random.nextInt(10);
      int client = random.nextInt(3);
      long invoked = Math.max(free[client] + 1, now - random.nextInt(12));
      now = Math.max(now, invoked + 1);
      long completed = now + 1 + random.nextInt(12);
      free[client] = completed;
      Operation operation;
      if (random.nextInt(3) == 0) {
        operation = read(value, invoked, completed);
      } else {
        String based = random.nextInt(4) == 0 ? past.get(random.nextInt(past.size())) : value;
        String next = "w" + i;
        boolean applied = based.equals(value) && random.nextInt(8) > 0;
        Outcome outcome =
            random.nextInt(4) == 0 ? Outcome.UNKNOWN : applied ? Outcome.DONE : Outcome.REFUSED;
        operation =
            new Operation("c" + client, Kind.WRITE, "r", next, based, invoked, completed, outcome);
        value = applied ? next : value;
        past.add(next);
      }
      history.add(operation);
    }
    return history;
  }

  private static void spoil(List<Operation> history, Random random) {
    int at = random.nextInt(history.size());
    Operation o = history.get(at);
    String value = o.value();
    Outcome outcome = o.outcome();
    if (o.kind() == Kind.READ) {
      value = history.get(random.nextInt(history.size())).value();
    } else if (outcome == Outcome.REFUSED) {
      outcome = Outcome.DONE;
    }
    long shift = random.nextInt(30) - 15L;
    history.set(
        at,
        new Operation(
            o.client(),
            o.kind(),
            o.key(),
            value,
            o.basedOn(),
            o.invoked() + shift,
            o.completed() + shift,
            outcome));
  }

  /** Wing and Gong's search: some order, within the times, that a register could have had. */
  private static boolean search(List<Operation> history) {
    return search(history, 0, "0", new HashMap<>());
  }

  private static boolean search(
      List<Operation> history, int taken, String value, Map<String, Boolean> known) {
    String key = taken + " " + value;
    Boolean before = known.get(key);
    if (before != null) {
      return before;
    }
    boolean all = true;
    boolean possible = false;
    for (int i = 0; i < history.size() && !possible; i++) {
      Operation next = history.get(i);
      if ((taken & 1 << i) != 0 || next.outcome() == Outcome.REFUSED) {
        continue;
      }
      all &= next.outcome() == Outcome.UNKNOWN;
      boolean fits =
          next.kind() == Kind.READ ? value.equals(next.value()) : value.equals(next.basedOn());
      possible =
          fits
              && mayBeNext(history, taken, next)
              && search(history, taken | 1 << i, next.value(), known);
    }
    possible |= all; // what has no answer need not have been
    known.put(key, possible);
    return possible;
  }

  private static boolean mayBeNext(List<Operation> history, int taken, Operation next) {
    for (int i = 0; i < history.size(); i++) {
      if ((taken & 1 << i) == 0 && history.get(i).before(next)) {
        return false;
      }
    }
    return true;
  }

  private static void good(Operation... history) {
    assertEquals(List.of(), RegisterCheck.check("0", List.of(history)));
  }

  private static void bad(String words, Operation... history) {
    List<String> said = RegisterCheck.check("0", List.of(history));
    assertTrue(said.toString().contains(words), said::toString);
  }

  private static Operation read(String value, long invoked, long completed) {
    return new Operation("reader", Kind.READ, "r", value, null, invoked, completed, Outcome.DONE);
  }

  private static Operation write(String value, String based, long invoked, long completed) {
    return new Operation("writer", Kind.WRITE, "r", value, based, invoked, completed, Outcome.DONE);
  }

  private static Operation refused(String value, String based, long invoked, long completed) {
    return new Operation(
        "writer", Kind.WRITE, "r", value, based, invoked, completed, Outcome.REFUSED);
  }

  private static Operation unknown(String value, String based, long invoked) {
    return new Operation(
        "writer", Kind.WRITE, "r", value, based, invoked, invoked + 1, Outcome.UNKNOWN);
  }
}
