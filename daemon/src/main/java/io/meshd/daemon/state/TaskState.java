package io.meshd.daemon.state;

import com.fasterxml.jackson.annotation.JsonProperty;

/** A task's life, in Swarm's words and order (swarmkit api/types.proto, TaskState). */
public enum TaskState {
  @JsonProperty("new")
  NEW,
  @JsonProperty("pending")
  PENDING,
  @JsonProperty("assigned")
  ASSIGNED,
  @JsonProperty("accepted")
  ACCEPTED,
  @JsonProperty("preparing")
  PREPARING,
  @JsonProperty("ready")
  READY,
  @JsonProperty("starting")
  STARTING,
  @JsonProperty("running")
  RUNNING,
  @JsonProperty("complete")
  COMPLETE,
  @JsonProperty("shutdown")
  SHUTDOWN,
  @JsonProperty("failed")
  FAILED,
  @JsonProperty("rejected")
  REJECTED,
  @JsonProperty("remove")
  REMOVE,
  @JsonProperty("orphaned")
  ORPHANED;

  /** True once the task will never run again. */
  public boolean terminal() {
    return compareTo(RUNNING) > 0;
  }

  /** The word of the API: lower case. */
  public String word() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
