/**
 * The API server: HTTP on the unix socket and on :2377, Docker Engine API shapes in and out. Turns
 * requests into commands and states into answers; decides nothing. Must not know Raft or frames.
 */
@NullMarked
package io.meshd.daemon.rest;

import org.jspecify.annotations.NullMarked;
