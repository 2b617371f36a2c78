/**
 * memberlist's bytes: messages, packets, streams, encryption and compression. Pure: no sockets, no
 * clock, no membership. Every length that comes from outside is checked before memory is spent.
 */
@NullMarked
package io.meshd.gossip.wire;

import org.jspecify.annotations.NullMarked;
