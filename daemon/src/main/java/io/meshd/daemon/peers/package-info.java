/**
 * What the nodes tell each other directly, by gossip: who is there, which endpoints they have, and
 * which of these answer. The state says what should be; this says what is, and {@link
 * io.meshd.daemon.peers.LiveState} puts both together.
 */
@NullMarked
package io.meshd.daemon.peers;

import org.jspecify.annotations.NullMarked;
