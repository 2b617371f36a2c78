/**
 * The way to the node's Docker Engine: its socket, its version, calls to it, and connections that
 * are passed on to it whole. Knows HTTP, and nothing of what is asked there.
 */
@NullMarked
package io.meshd.daemon.engine;

import org.jspecify.annotations.NullMarked;
