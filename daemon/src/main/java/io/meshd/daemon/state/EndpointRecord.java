package io.meshd.daemon.state;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint that no task has: in a namespace that somebody else made ({@code meshctl endpoint
 * attach}), or of a container that somebody runs on a node's Docker Engine.
 *
 * @param netns path of the namespace on its node, for example /proc/4711/ns/net or /run/netns/x;
 *     empty for a container, whose namespace is the Engine's
 * @param interfaceName the name of the TAP inside; empty for a container
 * @param container null for a namespace
 */
public record EndpointRecord(
    String id,
    long version,
    String createdAt,
    String name,
    @Nullable String serviceId,
    String nodeId,
    String netns,
    String interfaceName,
    Attachment attachment,
    @Nullable Container container) {

  /**
   * What the node's Engine says of the container.
   *
   * @param id empty while the Engine has said nothing yet; then the endpoint has no name either
   * @param aliases on this network, beside its name
   */
  public record Container(String id, List<String> aliases) {
    /** One of which nothing is known but that it is there. */
    public static final Container UNNAMED = new Container("", List.of());
  }

  /** Of a namespace. */
  public EndpointRecord(
      String id,
      long version,
      String createdAt,
      String name,
      @Nullable String serviceId,
      String nodeId,
      String netns,
      String interfaceName,
      Attachment attachment) {
    this(id, version, createdAt, name, serviceId, nodeId, netns, interfaceName, attachment, null);
  }
}
