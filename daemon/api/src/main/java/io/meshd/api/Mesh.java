package io.meshd.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shapes of what Docker has not, under {@link Paths#MESH}. */
public final class Mesh {
  private Mesh() {}

  /** {@code POST /mesh/v1/endpoints}: exactly one of netns (a path) and pid is set. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record EndpointAttachRequest(
      @JsonProperty("Network") String network,
      @JsonProperty("Service") @Nullable String service,
      @JsonProperty("Name") @Nullable String name,
      @JsonProperty("Netns") @Nullable String netns,
      @JsonProperty("Pid") @Nullable Integer pid,
      @JsonProperty("Address") @Nullable String address) {}

  /** {@code GET /mesh/v1/endpoints}: endpoints that somebody else runs. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Endpoint(
      @JsonProperty("ID") String id,
      @JsonProperty("Name") String name,
      @JsonProperty("NetworkID") String networkId,
      @JsonProperty("NetworkName") String networkName,
      @JsonProperty("ServiceID") @Nullable String serviceId,
      @JsonProperty("NodeID") String nodeId,
      @JsonProperty("Netns") String netns,
      @JsonProperty("Interface") String interfaceName,
      @JsonProperty("IPv4Address") String ipv4Address,
      @JsonProperty("MacAddress") String macAddress) {}

  /** {@code GET /mesh/v1/counters}: name to value, names as in the drop-reason enum. */
  public record Counters(@JsonProperty("Counters") Map<String, Long> counters) {}

  /** {@code GET /containers/json}, one line of {@code meshctl ps}: a task of this node. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Container(
      @JsonProperty("Id") String id,
      @JsonProperty("Names") List<String> names,
      @JsonProperty("Image") String image,
      @JsonProperty("ImageID") String imageId,
      @JsonProperty("Command") String command,
      @JsonProperty("Created") long created,
      @JsonProperty("State") String state,
      @JsonProperty("Status") String status,
      @JsonProperty("Ports") List<Map<String, Object>> ports,
      @JsonProperty("Labels") Map<String, String> labels) {}

  /** {@code POST /containers/{id}/exec}. */
  public record ExecCreateRequest(
      @JsonProperty("AttachStdin") @Nullable Boolean attachStdin,
      @JsonProperty("AttachStdout") @Nullable Boolean attachStdout,
      @JsonProperty("AttachStderr") @Nullable Boolean attachStderr,
      @JsonProperty("Tty") @Nullable Boolean tty,
      @JsonProperty("Cmd") List<String> cmd,
      @JsonProperty("Env") @Nullable List<String> env,
      @JsonProperty("WorkingDir") @Nullable String workingDir,
      @JsonProperty("User") @Nullable String user,
      @JsonProperty("Privileged") @Nullable Boolean privileged,
      @JsonProperty("DetachKeys") @Nullable String detachKeys,
      @JsonProperty("ConsoleSize") @Nullable List<Integer> consoleSize) {}

  /** {@code POST /exec/{id}/start}; the connection is then upgraded to a raw or framed stream. */
  public record ExecStartRequest(
      @JsonProperty("Detach") @Nullable Boolean detach,
      @JsonProperty("Tty") @Nullable Boolean tty,
      @JsonProperty("ConsoleSize") @Nullable List<Integer> consoleSize) {}

  /** {@code GET /exec/{id}/json}. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record ExecInspect(
      @JsonProperty("ID") String id,
      @JsonProperty("Running") boolean running,
      @JsonProperty("ExitCode") @Nullable Integer exitCode,
      @JsonProperty("Pid") int pid,
      @JsonProperty("ContainerID") String containerId) {}

  public record IdResponse(@JsonProperty("Id") String id) {}
}
