package io.meshd.dataplane.lb;

import io.meshd.dataplane.wire.TcpHeader;

/**
 * What a flow has come to, judged by its flags alone: sequence numbers are the ends' to check.
 *
 * <pre>
 *  SYN from client -> SYN_SENT -> SYN+ACK -> SYN_RECEIVED -> ACK -> ESTABLISHED
 *  ESTABLISHED -> FIN from one end -> *_FIN (half closed) -> FIN from the other -> CLOSED
 *  any -> RST -> RESET
 *  UDP: UNREPLIED -> first answer -> REPLIED
 * </pre>
 *
 * A half-closed connection still carries data one way, for as long as that takes. CLOSED and RESET
 * linger for frames sent again; a new SYN begins a new flow there.
 */
public enum FlowState {
  // Codes lie in memory that outlives the process: append only.
  FREE(0, 0),
  SYN_SENT(1, 120),
  SYN_RECEIVED(2, 60),
  ESTABLISHED(3, 5 * 86_400),
  CLIENT_FIN(4, 86_400),
  BACKEND_FIN(5, 86_400),
  CLOSED(6, 60),
  RESET(7, 10),
  UNREPLIED(8, 30),
  REPLIED(9, 180);

  private static final FlowState[] BY_CODE = values();

  private final int code;
  private final int idleSeconds;

  FlowState(int code, int idleSeconds) {
    this.code = code;
    this.idleSeconds = idleSeconds;
  }

  int code() {
    return code;
  }

  /** Without a frame for that long the flow is forgotten. */
  public int idleSeconds() {
    return idleSeconds;
  }

  /** Null-free: a code that nobody wrote is FREE. */
  static FlowState of(int code) {
    return code < BY_CODE.length ? BY_CODE[code] : FREE;
  }

  /** Counts as load of its backend. */
  public boolean isOpen() {
    return this != FREE && this != CLOSED && this != RESET;
  }

  /** Nothing came back yet: the first to go when there is no room. */
  public boolean isUnreplied() {
    return this == SYN_SENT || this == UNREPLIED;
  }

  /** After a TCP segment with these flags. */
  public FlowState afterTcp(boolean fromClient, int flags) {
    if ((flags & TcpHeader.RST) != 0) {
      return this == CLOSED ? CLOSED : RESET;
    }
    boolean fin = (flags & TcpHeader.FIN) != 0;
    return switch (this) {
      case SYN_SENT ->
          !fromClient
                  && (flags & (TcpHeader.SYN | TcpHeader.ACK)) == (TcpHeader.SYN | TcpHeader.ACK)
              ? SYN_RECEIVED
              : SYN_SENT;
      case SYN_RECEIVED -> {
        if (!fromClient || (flags & TcpHeader.SYN) != 0) {
          yield SYN_RECEIVED;
        }
        yield fin ? CLIENT_FIN : ESTABLISHED;
      }
      case ESTABLISHED -> {
        if (!fin) {
          yield ESTABLISHED;
        }
        yield fromClient ? CLIENT_FIN : BACKEND_FIN;
      }
      case CLIENT_FIN -> fin && !fromClient ? CLOSED : CLIENT_FIN;
      case BACKEND_FIN -> fin && fromClient ? CLOSED : BACKEND_FIN;
      case FREE, CLOSED, RESET, UNREPLIED, REPLIED -> this;
    };
  }

  /** After a datagram. */
  public FlowState afterDatagram(boolean fromClient) {
    return this == UNREPLIED && !fromClient ? REPLIED : this;
  }
}
