/**
 * The replicated log behind a narrow interface: bytes in order, an apply callback, snapshots. Must
 * not know what the bytes mean. Atomix lives here and nowhere else.
 */
@NullMarked
package io.meshd.daemon.raft;

import org.jspecify.annotations.NullMarked;
