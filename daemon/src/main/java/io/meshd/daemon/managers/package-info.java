/**
 * How managers reach one another for the log: requests over mutual TLS, on the door that :2377 is
 * (ALPN {@code meshd-raft/1}). Knows certificates and the log's transport interface; must not know
 * what is sent, nor the state.
 */
@NullMarked
package io.meshd.daemon.managers;

import org.jspecify.annotations.NullMarked;
