package io.meshd.dataplane;

/**
 * @param vtep underlay address of this node: outer source of what it sends, and bound to receive
 * @param vxlanPort UDP port, 4789 by default (RFC 7348)
 * @param loops data loops, at least 1; loop 0 receives from the underlay, TAPs are spread over the
 *     others where there are others
 */
public record DataplaneConfig(Ipv4Address vtep, int vxlanPort, int loops) {}
