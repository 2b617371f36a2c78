package io.meshd.daemon.state;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.meshd.api.Services;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A task: one slot's (or one node's) try at running a service's template.
 *
 * @param slot from 1 for replicated services, 0 for global ones
 * @param nodeId empty until assigned
 * @param specVersion the service's specVersion it was made from
 * @param attachments addresses, allocated when the task is made, free again when it is terminal
 * @param registryAuth what its image is pulled with, until it is terminal; secret
 */
public record TaskRecord(
    String id,
    long version,
    String createdAt,
    String updatedAt,
    String serviceId,
    String serviceName,
    long slot,
    String nodeId,
    Services.TaskSpec spec,
    long specVersion,
    TaskState desiredState,
    Status status,
    List<Attachment> attachments,
    @Nullable RegistryAuth registryAuth) {

  /**
   * What the node last said.
   *
   * @param timestamp RFC 3339
   * @param pid of the task's first process, in the node's pid namespace
   * @param hostPorts what it has on its node in host mode; null for none
   * @param containerId the Engine's, of a task that is a container
   * @param imageId of that, sha256:..., which need not be the same on every node
   */
  public record Status(
      TaskState state,
      String timestamp,
      @Nullable String message,
      @Nullable String err,
      @Nullable Integer pid,
      @Nullable Integer exitCode,
      @Nullable List<Services.PortConfig> hostPorts,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String containerId,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String imageId) {
    /** Of a task without ports. */
    public Status(
        TaskState state,
        String timestamp,
        @Nullable String message,
        @Nullable String err,
        @Nullable Integer pid,
        @Nullable Integer exitCode) {
      this(state, timestamp, message, err, pid, exitCode, null, null, null);
    }

    public Status in(TaskState other, String since) {
      return new Status(other, since, message, err, pid, exitCode, hostPorts, containerId, imageId);
    }
  }

  /** Docker's container name: web.1.id for replicated, web.nodeid.id for global services. */
  public String name() {
    return serviceName + "." + (slot > 0 ? Long.toString(slot) : nodeId) + "." + id;
  }

  /** It has, or will have, a place on its networks: others may send to it. */
  public boolean reachable() {
    return !nodeId.isEmpty()
        && !status.state().terminal()
        && desiredState.compareTo(TaskState.RUNNING) <= 0;
  }

  /** It takes new connections. */
  public boolean serving() {
    return status.state() == TaskState.RUNNING && desiredState == TaskState.RUNNING;
  }

  /** It takes no new connections and keeps those it has until they end or its grace does. */
  public boolean draining() {
    return status.state() == TaskState.RUNNING && desiredState == TaskState.SHUTDOWN;
  }

  public TaskRecord with(TaskState desired, Status now) {
    return with(desired, now, attachments, registryAuth);
  }

  public TaskRecord withAttachments(List<Attachment> those) {
    return with(desiredState, status, those, registryAuth);
  }

  TaskRecord with(@Nullable RegistryAuth auth) {
    return with(desiredState, status, attachments, auth);
  }

  private TaskRecord with(
      TaskState desired, Status now, List<Attachment> those, @Nullable RegistryAuth auth) {
    return new TaskRecord(
        id,
        version,
        createdAt,
        updatedAt,
        serviceId,
        serviceName,
        slot,
        nodeId,
        spec,
        specVersion,
        desired,
        now,
        those,
        auth);
  }
}
