package io.meshd.daemon.state;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** What became of a command. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Outcome.Done.class, name = "done"),
  @JsonSubTypes.Type(value = Outcome.Refused.class, name = "refused"),
})
public sealed interface Outcome {

  /** Applied; {@code id} is what it made or changed. */
  record Done(long version, String id) implements Outcome {}

  /** Nothing changed. {@code message} in Swarm's words, without a prefix. */
  record Refused(Reason reason, String message) implements Outcome {}

  /** Why, and with it the HTTP status and the rpc code that Docker puts before the message. */
  enum Reason {
    INVALID_ARGUMENT(400, "InvalidArgument"),
    NOT_FOUND(404, "NotFound"),
    ALREADY_EXISTS(409, "AlreadyExists"),
    FAILED_PRECONDITION(400, "FailedPrecondition"),
    FORBIDDEN(403, "PermissionDenied"),
    CONFLICT(409, "Aborted"),
    OUT_OF_SEQUENCE(500, "Unknown"),
    UNAVAILABLE(503, "Unavailable"),
    NO_SPACE(500, "ResourceExhausted"),
    UNIMPLEMENTED(501, "Unimplemented");

    private final int httpStatus;
    private final String rpcCode;

    Reason(int httpStatus, String rpcCode) {
      this.httpStatus = httpStatus;
      this.rpcCode = rpcCode;
    }

    public int httpStatus() {
      return httpStatus;
    }

    /** gRPC's name of the code, as in {@code rpc error: code = NAME desc = ...}. */
    public String rpcCode() {
      return rpcCode;
    }
  }
}
