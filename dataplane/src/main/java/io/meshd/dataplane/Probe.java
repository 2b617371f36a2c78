package io.meshd.dataplane;

/**
 * The first packet of somebody who asks, or the first answer to it: TCP's SYN, or SYN and ACK; a
 * UDP datagram without data; ICMP's echo request or reply.
 *
 * @param protocol as in the IPv4 header: 6 TCP, 17 UDP, 1 ICMP, which has no ports
 * @param own the sender's own address, with which it asks for neighbours; a node that asks in a
 *     client's name has another one as {@code source}
 * @param nextHop to whose MAC it goes: the destination, or the gateway for what is not on the link
 */
public record Probe(
    int protocol,
    Ipv4Address source,
    int sourcePort,
    Ipv4Address destination,
    int destinationPort,
    Ipv4Address own,
    Ipv4Address nextHop,
    boolean answer) {}
