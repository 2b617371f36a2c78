/**
 * Who is in the cluster and who lives: SWIM with Lifeguard as hashicorp/memberlist has it
 * (state.go, suspicion.go, awareness.go, queue.go). Rules and tables, no packets: what is to be
 * told goes into a queue. One thread.
 */
@NullMarked
package io.meshd.gossip.membership;

import org.jspecify.annotations.NullMarked;
