package io.meshd.daemon.state;

import io.meshd.daemon.raft.ReplicatedLog;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Log entries in, versions of the state out. Every manager applies the same log and comes to the
 * same bytes. {@link #apply} and {@link #restore} are called by one thread; the rest by any.
 */
public final class StateMachine implements ReplicatedLog.Machine {
  private static final Logger log = LoggerFactory.getLogger(StateMachine.class);

  private final List<StateListener> listeners = new ArrayList<>();
  private volatile ClusterState state = ClusterState.empty();

  /** The newest version. */
  public ClusterState state() {
    return state;
  }

  /** Tells the newest version at once, on the calling thread, and every later one. */
  public void subscribe(StateListener listener) {
    synchronized (listeners) {
      listeners.add(listener);
      listener.onState(state);
    }
  }

  public void unsubscribe(StateListener listener) {
    synchronized (listeners) {
      listeners.remove(listener);
    }
  }

  /**
   * @param entry a {@link Command} as JSON
   * @return an {@link Outcome} as JSON; an entry that is no known command is refused, and so is one
   *     of a later format than all managers know
   * @throws ReplicatedLog.LaterFormatException for one that the other managers know
   */
  @Override
  public byte[] apply(byte[] entry) {
    Command command;
    int format;
    try {
      format = StateCodec.formatOf(entry);
      int agreed = CommandFormat.agreed(state);
      if (format > agreed) {
        return StateCodec.encode((Outcome) CommandFormat.tooNew(format, agreed));
      }
      CommandFormat.requireKnown("an entry of the managers' log", format);
      command = StateCodec.decodeCommand(entry);
    } catch (UncheckedIOException e) {
      log.warn("a log entry is no command that this version knows", e);
      return StateCodec.encode((Outcome) Refusal.invalid("unknown command").outcome());
    }
    return StateCodec.encode(apply(command, format));
  }

  /** As {@link #apply(byte[])}, for callers that have no log. */
  public Outcome apply(Command command) {
    return apply(command, CommandFormat.CURRENT);
  }

  private Outcome apply(Command command, int format) {
    Draft draft = new Draft(state, command.at());
    String id;
    try {
      if (command.format() > format) {
        // Of a manager that knew it no better than to refuse it, as it did then.
        return CommandFormat.tooNew(command.format(), format);
      }
      id = Transitions.apply(draft, command);
    } catch (Refusal refusal) {
      return refusal.outcome();
    } catch (RuntimeException e) {
      // The same entry does the same on every manager: it is refused by all of them, and the draft
      // is dropped. An exception here would stop the log on all managers at once.
      log.error("a command of type {} failed", command.getClass().getSimpleName(), e);
      return Refusal.invalid("malformed command").outcome();
    }
    ClusterState next = draft.build();
    if (next.version() != state.version()) {
      publish(next);
    }
    return new Outcome.Done(next.version(), id);
  }

  private void publish(ClusterState next) {
    synchronized (listeners) {
      state = next;
      for (StateListener listener : listeners) {
        try {
          listener.onState(next);
        } catch (RuntimeException e) {
          log.error("a listener failed on version {}", next.version(), e);
        }
      }
    }
  }

  @Override
  public byte[] snapshot() {
    return Snapshot.write(state);
  }

  /**
   * @throws SnapshotException when the snapshot is damaged; the state stays
   * @throws ReplicatedLog.LaterFormatException when it is of a later format; the state stays
   */
  @Override
  public void restore(byte[] snapshot) {
    publish(Snapshot.read(snapshot));
  }
}
