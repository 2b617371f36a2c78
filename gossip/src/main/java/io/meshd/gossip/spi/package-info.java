/**
 * What the core needs from outside: time and a network. Swapped for virtual time and a simulated
 * network in tests. Knows only the wire.
 */
@NullMarked
package io.meshd.gossip.spi;

import org.jspecify.annotations.NullMarked;
