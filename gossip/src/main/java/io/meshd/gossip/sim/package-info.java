/**
 * A network and a clock that are simulated: thousands of members in one thread and in seconds, with
 * loss, delay, cuts, slow and paused members, the same at every run of the same seed. For tests and
 * figures; packets are really encoded and decoded.
 */
@NullMarked
package io.meshd.gossip.sim;

import org.jspecify.annotations.NullMarked;
