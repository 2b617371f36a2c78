package io.meshd.daemon.state;

/**
 * An address on a network.
 *
 * @param address dotted IPv4 without prefix length
 * @param mac 02:42 and the IPv4 in hex, 02:42:0a:00:01:03
 */
public record Attachment(String networkId, String address, String mac) {}
