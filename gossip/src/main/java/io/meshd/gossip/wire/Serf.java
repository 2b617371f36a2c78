package io.meshd.gossip.wire;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What serf says inside memberlist's user messages and user state, as far as a member must say it
 * to look sane to a serf agent (serf messages.go). A message is its type and a map.
 */
public final class Serf {
  private static final int LEAVE_INTENT = 0;
  private static final int JOIN_INTENT = 1;
  private static final int STATE = 2;

  /** Ours; serf's own types end far below, and its agents are never sent one. */
  private static final int MESHD = 'M';

  private static final String MESHD_KEY = "Meshd";

  private Serf() {}

  /**
   * What of a user state concerns us.
   *
   * @param time serf's Lamport time of membership
   * @param payload what {@link #state} was given; empty when the sender is not one of ours
   */
  public record State(long time, Bytes payload) {}

  /** "I leave": without it serf takes the memberlist message that follows for a failure. */
  public static Bytes leaveIntent(long time, String node) {
    return Bytes.owning(
        new MsgpackWriter()
            .octet(LEAVE_INTENT)
            .map(3)
            .field("LTime", time)
            .field("Node", node)
            .field("Prune", false)
            .toByteArray());
  }

  /** A user state that serf reads, with our own inside. */
  public static Bytes state(long time, Bytes payload) {
    MsgpackWriter out = new MsgpackWriter().octet(STATE).map(payload.isEmpty() ? 6 : 7);
    out.field("EventLTime", 1).emptyArray("Events").field("LTime", time);
    out.emptyArray("LeftMembers");
    if (!payload.isEmpty()) {
      out.field(MESHD_KEY, payload);
    }
    return Bytes.owning(out.field("QueryLTime", 1).emptyMap("StatusLTimes").toByteArray());
  }

  /** Of any peer; a state that is not serf's has neither time nor payload. */
  public static State readState(Bytes state) throws WireException {
    long time = 0;
    Bytes payload = Bytes.EMPTY;
    if (!state.isEmpty() && state.array()[0] == STATE) {
      MsgpackReader in = new MsgpackReader(state.array(), 1, state.length() - 1);
      try {
        for (long left = in.map(); left > 0; left--) {
          switch (in.text()) {
            case "LTime" -> time = in.integer(0, Long.MAX_VALUE);
            case MESHD_KEY -> payload = in.bytes();
            default -> in.skip();
          }
        }
      } catch (IOException e) {
        throw asWire(e);
      }
    }
    return new State(time, payload);
  }

  /** A user message of ours. */
  public static Bytes message(Bytes payload) {
    return Bytes.owning(new MsgpackWriter().octet(MESHD).append(payload.array()).toByteArray());
  }

  /** What {@link #message} was given, or null when it is serf's. */
  public static @Nullable Bytes readMessage(Bytes message) {
    return message.isEmpty() || message.array()[0] != MESHD
        ? null
        : message.slice(1, message.length() - 1);
  }

  /** Lamport time of a join or leave intent; 0 for every other message. */
  public static long intentTime(Bytes message) throws WireException {
    if (message.isEmpty()
        || (message.array()[0] != LEAVE_INTENT && message.array()[0] != JOIN_INTENT)) {
      return 0;
    }
    MsgpackReader in = new MsgpackReader(message.array(), 1, message.length() - 1);
    try {
      for (long left = in.map(); left > 0; left--) {
        if (in.text().equals("LTime")) {
          return in.integer(0, Long.MAX_VALUE);
        }
        in.skip();
      }
    } catch (IOException e) {
      throw asWire(e);
    }
    return 0;
  }

  private static WireException asWire(IOException e) {
    return e instanceof WireException wire
        ? wire
        : new WireException(WireException.Reason.TRUNCATED, "reading from memory cannot fail");
  }
}
