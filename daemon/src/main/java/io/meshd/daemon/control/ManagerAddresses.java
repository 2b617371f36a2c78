package io.meshd.daemon.control;

import io.meshd.daemon.state.ClusterState;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The managers that this node knows of, host:port, the one that answered last first. Kept up to
 * date from every state; whoever keeps them on disk is told of changes.
 */
public final class ManagerAddresses {
  private final Consumer<List<String>> changed;
  private List<String> known;

  /**
   * @param known from the identity on disk
   * @param changed told of every new list, on the thread that brings it
   */
  public ManagerAddresses(List<String> known, Consumer<List<String>> changed) {
    this.known = List.copyOf(known);
    this.changed = changed;
  }

  public synchronized List<String> list() {
    return known;
  }

  /** This one answered: ask it first. */
  synchronized void prefer(String address) {
    if (!known.isEmpty() && !known.getFirst().equals(address) && known.contains(address)) {
      List<String> next = new ArrayList<>(known);
      next.remove(address);
      next.addFirst(address);
      known = List.copyOf(next);
    }
  }

  /** A state without managers (none yet) changes nothing. */
  public void learn(ClusterState state) {
    List<String> next;
    synchronized (this) {
      List<String> managers = JoinDesk.managers(state);
      if (managers.isEmpty() || (known.size() == managers.size() && known.containsAll(managers))) {
        return;
      }
      known = managers;
      next = managers;
    }
    changed.accept(next);
  }
}
