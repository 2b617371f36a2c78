/**
 * Between nodes on :2377: joining, the state watch of every node, reports to the leader, forwarded
 * API calls. Knows state and security, no tasks and no frames.
 */
@NullMarked
package io.meshd.daemon.control;

import org.jspecify.annotations.NullMarked;
