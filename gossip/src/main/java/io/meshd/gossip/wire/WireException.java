package io.meshd.gossip.wire;

import java.io.IOException;
import java.io.Serial;

/** Bytes from outside that are not what they should be. Carries no stack trace: it is an event. */
public final class WireException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  /** The closed vocabulary of why a packet or stream was dropped. Append only. */
  public enum Reason {
    TRUNCATED,
    TOO_LARGE,
    TOO_DEEP,
    BAD_TYPE,
    BAD_FIELD,
    BAD_LABEL,
    BAD_CRC,
    BAD_COMPRESSION,
    /** Encrypted by no key of the ring, or not encrypted though a ring is set. */
    NOT_DECRYPTED
  }

  private final Reason reason;

  public WireException(Reason reason, String detail) {
    super(reason + ": " + detail);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }

  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
