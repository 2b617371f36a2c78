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
      @JsonProperty("NodeName") String nodeName,
      @JsonProperty("Netns") String netns,
      @JsonProperty("Interface") String interfaceName,
      @JsonProperty("IPv4Address") String ipv4Address,
      @JsonProperty("MacAddress") String macAddress,
      @JsonProperty("IPv6Address") @Nullable String ipv6Address) {}

  /** {@code POST /mesh/v1/container-endpoints}: an address for a container of the asking node. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record ContainerAttachRequest(
      @JsonProperty("Network") String network, @JsonProperty("Address") @Nullable String address) {}

  /** {@code POST /mesh/v1/container-endpoints/names}. */
  public record ContainerNames(@JsonProperty("Containers") List<ContainerName> containers) {}

  /**
   * What the Engine calls a container on one of its networks.
   *
   * @param endpoint its ID with us
   */
  public record ContainerName(
      @JsonProperty("Endpoint") String endpoint,
      @JsonProperty("Container") String container,
      @JsonProperty("Name") String name,
      @JsonProperty("Aliases") List<String> aliases) {}

  /**
   * {@code POST /mesh/v1/swarm-networks}: a network of a Docker Swarm, as that Swarm made it.
   *
   * @param id the Swarm's
   * @param subnet CIDR
   * @param gateway without prefix, or null for the first address
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record SwarmNetwork(
      @JsonProperty("ID") String id,
      @JsonProperty("Name") String name,
      @JsonProperty("Subnet") String subnet,
      @JsonProperty("Gateway") @Nullable String gateway,
      @JsonProperty("Options") @Nullable Map<String, String> options) {}

  /** {@code POST /mesh/v1/swarm-networks/ID/services}: all that have a virtual IP there. */
  public record SwarmServices(@JsonProperty("Services") List<SwarmService> services) {}

  /**
   * A service of a Docker Swarm on one network.
   *
   * @param virtualIp without prefix
   * @param backends addresses of its running tasks
   * @param draining of those that run and are to end
   */
  public record SwarmService(
      @JsonProperty("ID") String id,
      @JsonProperty("Name") String name,
      @JsonProperty("VirtualIP") String virtualIp,
      @JsonProperty("Backends") List<String> backends,
      @JsonProperty("Draining") List<String> draining) {}

  /** {@code GET /mesh/v1/counters}: name to value, names as in the drop-reason enum. */
  public record Counters(@JsonProperty("Counters") Map<String, Long> counters) {}

  /**
   * {@code GET /mesh/v1/keys}: the keys of gossip and of encrypted networks, by their digests, the
   * one that is sent with first.
   *
   * @param rotatedAt when other keys were last sent with first, RFC 3339; null: never
   * @param rotation WANTED, READABLE or SENDING while one is on its way, else null
   */
  public record Keys(
      @JsonProperty("Gossip") List<String> gossip,
      @JsonProperty("Data") List<String> data,
      @JsonProperty("RotatedAt") @Nullable String rotatedAt,
      @JsonProperty("Rotation") @Nullable String rotation) {}

  /**
   * {@code GET /mesh/v1/gossip}: the cluster as one node sees it by gossip.
   *
   * @param health 0 is well; up to 7 while this node gets no answers from others
   * @param memberNews changes of members that wait to be told
   * @param recordNews changes of records that wait to be told
   * @param keys the one that is sent with first
   * @param counters name to value
   */
  public record Gossip(
      @JsonProperty("NodeID") String nodeId,
      @JsonProperty("Health") int health,
      @JsonProperty("MemberNews") int memberNews,
      @JsonProperty("RecordNews") int recordNews,
      @JsonProperty("Members") List<GossipMember> members,
      @JsonProperty("Records") List<GossipRecords> records,
      @JsonProperty("Keys") List<String> keys,
      @JsonProperty("Counters") Map<String, Long> counters) {}

  /**
   * A member.
   *
   * @param hostname empty for one that is no node of the cluster
   * @param address IP:port
   * @param state alive, suspect, dead or left
   * @param syncedMillis how long ago records were last compared with it; null for never
   * @param roundTripMicros of the last ping that it answered in time; null for none
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record GossipMember(
      @JsonProperty("ID") String id,
      @JsonProperty("Hostname") String hostname,
      @JsonProperty("Address") String address,
      @JsonProperty("State") String state,
      @JsonProperty("Incarnation") long incarnation,
      @JsonProperty("Tags") Map<String, String> tags,
      @JsonProperty("SyncedMillis") @Nullable Long syncedMillis,
      @JsonProperty("RoundTripMicros") @Nullable Long roundTripMicros) {}

  /**
   * What a node has of another one's records on a network. Where two nodes show the same version
   * and digest they have the same records.
   *
   * @param networkId empty for the records of who is on which network
   * @param version the owner's run and its last change that is known with all before it
   * @param complete whether nothing is known to be missing
   */
  public record GossipRecords(
      @JsonProperty("NetworkID") String networkId,
      @JsonProperty("NetworkName") String networkName,
      @JsonProperty("NodeID") String nodeId,
      @JsonProperty("Hostname") String hostname,
      @JsonProperty("Count") int count,
      @JsonProperty("Version") String version,
      @JsonProperty("Digest") String digest,
      @JsonProperty("Complete") boolean complete) {}

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

  /** {@code POST /containers/{id}/exec}; {@code container}: the ID again, by older clients. */
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
      @JsonProperty("ConsoleSize") @Nullable List<Integer> consoleSize,
      @JsonProperty("Container") @Nullable String container) {}

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

  /**
   * The newest state that one node has; never forwarded.
   *
   * @param version 0 where the node is in no cluster
   * @param digest SHA-256 in hexadecimal; managers at one version have the same
   */
  public record State(
      @JsonProperty("Version") long version, @JsonProperty("Digest") String digest) {}
}
