/**
 * The leader's loops: services to tasks, tasks to nodes, restarts, updates, history. Reads states,
 * proposes commands, touches nothing else.
 */
@NullMarked
package io.meshd.daemon.orchestrate;

import org.jspecify.annotations.NullMarked;
