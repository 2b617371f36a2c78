/**
 * What the cluster agreed on: immutable versions of the state, the commands that change it, and the
 * pure machine between them. No I/O, no clock, no randomness; ids and times arrive in commands.
 */
@NullMarked
package io.meshd.daemon.state;

import org.jspecify.annotations.NullMarked;
