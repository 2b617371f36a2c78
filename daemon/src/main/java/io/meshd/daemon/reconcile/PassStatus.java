package io.meshd.daemon.reconcile;

/**
 * How a node's passes go.
 *
 * @param passes made
 * @param failures of these, passes after which not everything was as it should be
 * @param seconds that all of them took together
 * @param version of the state that is served; 0 before the first pass
 */
public record PassStatus(long passes, long failures, double seconds, long version) {}
