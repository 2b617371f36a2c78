package io.meshd.testcluster.history;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.testcluster.history.HoldingCheck.Holding;
import io.meshd.testcluster.history.Operation.Kind;
import io.meshd.testcluster.history.Operation.Outcome;
import io.meshd.testcluster.history.PresenceCheck.Look;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ObjectChecksTest {
  private static final Operation MADE = write(PresenceCheck.MADE, 1, 2, Outcome.DONE);

  @Test
  void whatWasMadeIsThereUntilItMayBeRemoved() {
    assertEquals(List.of(), looks(List.of(MADE), look(3, 4, "x")));
    assertEquals(List.of(), looks(List.of(MADE), look(1, 3)));
    found("made and is missing", List.of(MADE), look(3, 4));
    List<Operation> removed = List.of(MADE, write(PresenceCheck.REMOVED, 5, 6, Outcome.DONE));
    assertEquals(List.of(), looks(removed, look(3, 4, "x"), look(5, 7), look(7, 8)));
    found("removed and is there", removed, look(7, 8, "x"));
    found("made and is missing", removed, look(3, 4));
  }

  @Test
  void withoutAnAnswerBothMayBeButNotBackAgain() {
    List<Operation> made = List.of(write(PresenceCheck.MADE, 1, 2, Outcome.UNKNOWN));
    assertEquals(List.of(), looks(made, look(3, 4), look(5, 6, "x")));
    found("made and is missing", made, look(7, 8), look(5, 6, "x"));
    List<Operation> removed = List.of(MADE, write(PresenceCheck.REMOVED, 5, 6, Outcome.UNKNOWN));
    assertEquals(List.of(), looks(removed, look(7, 8, "x"), look(9, 10)));
  }

  @Test
  void whatNobodyMadeOrWasRefusedIsNotThere() {
    found("nobody made", List.of(), look(1, 2, "x"));
    found("nobody made", List.of(write(PresenceCheck.MADE, 5, 6, Outcome.DONE)), look(1, 2, "x"));
    found(
        "was refused", List.of(write(PresenceCheck.MADE, 1, 2, Outcome.REFUSED)), look(3, 4, "x"));
  }

  @Test
  void nothingIsHeldByTwoAtOnce() {
    assertEquals(
        List.of(),
        HoldingCheck.check(
            List.of(
                new Holding("port 1", "a", 1, 5),
                new Holding("port 1", "b", 5, 9),
                new Holding("port 2", "b", 2, 9),
                new Holding("port 1", "b", 6, 7))));
    assertEquals(
        List.of("port 1 is held by a and b"),
        HoldingCheck.check(
            List.of(new Holding("port 1", "b", 4, 9), new Holding("port 1", "a", 1, 5))));
    assertEquals(
        List.of("port 1 is held by a and c"),
        HoldingCheck.check(
            List.of(
                new Holding("port 1", "a", 1, 50),
                new Holding("port 1", "a", 2, 3),
                new Holding("port 1", "c", 40, 60))));
  }

  private static List<String> looks(List<Operation> history, Look... looks) {
    return PresenceCheck.check(history, List.of(looks));
  }

  private static void found(String words, List<Operation> history, Look... looks) {
    List<String> said = looks(history, looks);
    assertTrue(said.toString().contains(words), said::toString);
  }

  private static Look look(long invoked, long completed, String... keys) {
    return new Look("reader", Set.of(keys), invoked, completed);
  }

  private static Operation write(String value, long invoked, long completed, Outcome outcome) {
    return new Operation("writer", Kind.WRITE, "x", value, null, invoked, completed, outcome);
  }
}
