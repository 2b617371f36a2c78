package io.meshd.daemon.raft;

/**
 * A member of the managers' log, at one moment. Indices count Raft's own entries too.
 *
 * @param last index of the last entry that is on this member's disk
 * @param committed index up to which a majority has them
 * @param applied index up to which the machine here has them
 * @param leaderKnown whether some member leads, as far as is known here
 * @param members with and without a vote
 */
public record LogStatus(
    long term,
    long last,
    long committed,
    long applied,
    boolean leads,
    boolean leaderKnown,
    int members) {}
