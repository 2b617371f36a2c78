package io.meshd.daemon.state;

import org.jspecify.annotations.Nullable;

/**
 * An endpoint in a namespace that somebody else made ({@code meshctl endpoint attach}).
 *
 * @param netns path of the namespace on its node, for example /proc/4711/ns/net or /run/netns/x
 * @param interfaceName the name of the TAP inside
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
    Attachment attachment) {}
