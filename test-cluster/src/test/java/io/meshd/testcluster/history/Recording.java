package io.meshd.testcluster.history;

import io.meshd.testcluster.history.Operation.Kind;
import io.meshd.testcluster.history.Operation.Outcome;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The operations of all clients as they come. Writes are in it from their beginning, so that it can
 * be judged at any time: what somebody saw, somebody had begun to write.
 */
public final class Recording {
  private final List<Operation> over = new ArrayList<>();
  private final Set<Operation> underWay = new LinkedHashSet<>();

  /** A write that is being sent; {@link #end} is to follow. */
  public synchronized Operation begin(String client, String key, String value, String basedOn) {
    long now = System.nanoTime();
    Operation begun =
        new Operation(
            client, Kind.WRITE, key, value, basedOn, now, Long.MAX_VALUE, Outcome.UNKNOWN);
    underWay.add(begun);
    return begun;
  }

  public synchronized void end(Operation begun, Outcome outcome) {
    underWay.remove(begun);
    over.add(
        new Operation(
            begun.client(),
            begun.kind(),
            begun.key(),
            begun.value(),
            begun.basedOn(),
            begun.invoked(),
            System.nanoTime(),
            outcome));
  }

  /** A read that was answered just now. */
  public synchronized void read(String client, String key, String value, long invoked) {
    over.add(
        new Operation(
            client, Kind.READ, key, value, null, invoked, System.nanoTime(), Outcome.DONE));
  }

  /** All until now; what is under way has an unknown outcome. */
  public synchronized List<Operation> all() {
    List<Operation> all = new ArrayList<>(over);
    all.addAll(underWay);
    return all;
  }
}
