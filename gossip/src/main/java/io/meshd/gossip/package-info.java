/**
 * Membership, gossip and records as a library, in memberlist's protocol. Knows no networks and no
 * services: topics, keys and values are opaque. {@link io.meshd.gossip.Gossip} is the door.
 */
@NullMarked
package io.meshd.gossip;

import org.jspecify.annotations.NullMarked;
