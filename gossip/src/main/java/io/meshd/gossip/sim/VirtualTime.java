package io.meshd.gossip.sim;

import java.time.Duration;
import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;

/** Time that passes only from event to event. Events of the same moment run in the order made. */
public final class VirtualTime {
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long now;
  private long nextId;
  private long ran;

  static final class Event implements Comparable<Event> {
    private final long at;
    private final long id;
    private final Runnable task;
    boolean cancelled;

    private Event(long at, long id, Runnable task) {
      this.at = at;
      this.id = id;
      this.task = task;
    }

    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(at, other.at);
      return byTime != 0 ? byTime : Long.compare(id, other.id);
    }
  }

  /** Nanoseconds since the beginning. */
  public long nanos() {
    return now;
  }

  Event after(long nanos, Runnable task) {
    Event event = new Event(now + Math.max(0, nanos), nextId++, task);
    events.add(event);
    return event;
  }

  /** Lets so much time pass. */
  public void run(Duration time) {
    runUntil(() -> false, time);
  }

  /**
   * Lets time pass until the condition holds, looking at every event.
   *
   * @return whether it did within the time
   */
  public boolean runUntil(BooleanSupplier condition, Duration most) {
    long end = now + most.toNanos();
    while (!condition.getAsBoolean()) {
      Event next = events.peek();
      if (next == null || next.at > end) {
        now = end;
        return condition.getAsBoolean();
      }
      events.remove();
      now = next.at;
      if (!next.cancelled) {
        ran++;
        next.task.run();
      }
    }
    return true;
  }

  /** Events that ran. */
  public long ran() {
    return ran;
  }
}
