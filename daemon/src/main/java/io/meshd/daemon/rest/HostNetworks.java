package io.meshd.daemon.rest;

import org.jspecify.annotations.Nullable;

/**
 * The node's own bridges, as {@code network ls} shows them; null before they are made.
 *
 * @param bridgeSubnet CIDR of the bridge of tasks without a network, 172.17.0.0/16
 * @param wayOutSubnet CIDR of the bridge that is shown as docker_gwbridge, 172.18.0.0/16
 */
public record HostNetworks(
    @Nullable String bridgeSubnet,
    @Nullable String bridgeGateway,
    @Nullable String wayOutSubnet,
    @Nullable String wayOutGateway) {}
