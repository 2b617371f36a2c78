/**
 * The data plane as its user sees it: {@link io.meshd.dataplane.Dataplane} takes TAPs and a {@link
 * io.meshd.dataplane.ForwardingSpec} and moves frames. Knows no Raft, no gossip, no HTTP.
 */
@NullMarked
package io.meshd.dataplane;

import org.jspecify.annotations.NullMarked;
