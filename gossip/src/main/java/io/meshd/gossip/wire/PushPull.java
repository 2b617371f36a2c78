package io.meshd.gossip.wire;

import io.meshd.gossip.wire.Message.Versions;
import io.meshd.gossip.wire.WireException.Reason;
import java.util.List;

/**
 * The whole of what a node knows, exchanged over TCP.
 *
 * @param join whether the sender is joining
 * @param userState bytes of the layer above, at most {@link StreamCodec#MAX_USER_BYTES}
 */
public record PushPull(boolean join, List<NodeState> nodes, Bytes userState) {

  /** Whether a node lives, by its number on the wire; append only. */
  public enum Liveness {
    ALIVE(0),
    SUSPECT(1),
    DEAD(2),
    LEFT(3);

    private final int code;

    Liveness(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }

    static Liveness of(long code) throws WireException {
      for (Liveness state : values()) {
        if (state.code == code) {
          return state;
        }
      }
      throw new WireException(Reason.BAD_FIELD, "state " + code);
    }
  }

  /** A node as the sender sees it. */
  public record NodeState(
      String name,
      Bytes address,
      int port,
      Bytes meta,
      long incarnation,
      Liveness state,
      Versions versions) {}
}
