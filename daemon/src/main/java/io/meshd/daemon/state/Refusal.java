package io.meshd.daemon.state;

/** Ends a command before its draft becomes a version; the message is for the user. */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final Outcome.Reason reason;

  Refusal(Outcome.Reason reason, String message) {
    super(message, null, false, false);
    this.reason = reason;
  }

  static Refusal invalid(String message) {
    return new Refusal(Outcome.Reason.INVALID_ARGUMENT, message);
  }

  static Refusal notFound(String kind, String reference) {
    return new Refusal(Outcome.Reason.NOT_FOUND, kind + " " + reference + " not found");
  }

  static Refusal outOfSequence() {
    return new Refusal(Outcome.Reason.OUT_OF_SEQUENCE, "update out of sequence");
  }

  Outcome.Refused outcome() {
    return new Outcome.Refused(reason, String.valueOf(getMessage()));
  }
}
