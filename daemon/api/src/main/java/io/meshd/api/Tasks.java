package io.meshd.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shapes of {@code /tasks} (Docker Engine API, "Task"). */
public final class Tasks {
  private Tasks() {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Task(
      @JsonProperty("ID") String id,
      @JsonProperty("Version") Services.Version version,
      @JsonProperty("CreatedAt") String createdAt,
      @JsonProperty("UpdatedAt") String updatedAt,
      @JsonProperty("Labels") Map<String, String> labels,
      @JsonProperty("Spec") Services.TaskSpec spec,
      @JsonProperty("ServiceID") String serviceId,
      @JsonProperty("Slot") @Nullable Long slot,
      @JsonProperty("NodeID") @Nullable String nodeId,
      @JsonProperty("Status") TaskStatus status,
      @JsonProperty("DesiredState") String desiredState,
      @JsonProperty("NetworksAttachments") @Nullable List<NetworkAttachment> networksAttachments) {}

  /** {@code state}: one of {@code io.meshd.daemon.state.TaskState}, in lower case. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record TaskStatus(
      @JsonProperty("Timestamp") String timestamp,
      @JsonProperty("State") String state,
      @JsonProperty("Message") @Nullable String message,
      @JsonProperty("Err") @Nullable String err,
      @JsonProperty("ContainerStatus") @Nullable ContainerStatus containerStatus,
      @JsonProperty("PortStatus") @Nullable PortStatus portStatus) {}

  /** {@code imageId}: meshd's own; of the image that the task's node has under its name. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record ContainerStatus(
      @JsonProperty("ContainerID") String containerId,
      @JsonProperty("PID") @Nullable Integer pid,
      @JsonProperty("ExitCode") @Nullable Integer exitCode,
      @Extension @JsonProperty("ImageID") @Nullable String imageId) {}

  public record PortStatus(@JsonProperty("Ports") @Nullable List<Services.PortConfig> ports) {}

  /** {@code addresses}: with prefix length, 10.0.1.3/24. */
  public record NetworkAttachment(
      @JsonProperty("Network") AttachedNetwork network,
      @JsonProperty("Addresses") List<String> addresses) {}

  public record AttachedNetwork(
      @JsonProperty("ID") String id,
      @JsonProperty("Version") Services.Version version,
      @JsonProperty("CreatedAt") String createdAt,
      @JsonProperty("UpdatedAt") String updatedAt,
      @JsonProperty("Spec") Map<String, Object> spec) {}
}
