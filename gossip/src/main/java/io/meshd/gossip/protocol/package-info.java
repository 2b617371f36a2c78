/**
 * What members say to each other and when: probes, rounds of gossip, exchanges of state, leaving
 * (memberlist net.go, state.go). One thread, driven by the {@code spi}; what is carried for the
 * layer above is opaque here.
 */
@NullMarked
package io.meshd.gossip.protocol;

import org.jspecify.annotations.NullMarked;
