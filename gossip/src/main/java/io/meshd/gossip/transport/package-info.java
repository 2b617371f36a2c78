/**
 * Real sockets: UDP and TCP on one address, by Netty. Everything that comes from outside is bounded
 * in size, number and time, and what is refused is counted by its reason.
 */
@NullMarked
package io.meshd.gossip.transport;

import org.jspecify.annotations.NullMarked;
