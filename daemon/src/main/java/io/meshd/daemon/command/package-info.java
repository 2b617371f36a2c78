/**
 * A command's way from whoever asks to the log: checks what only the asker can be told, proposes on
 * the leader, waits for the result. Knows state and raft, no HTTP.
 */
@NullMarked
package io.meshd.daemon.command;

import org.jspecify.annotations.NullMarked;
