package io.meshd.gossip.protocol;

/**
 * By what a member answers this node.
 *
 * @param packets UDP there and back
 * @param streams TCP
 */
public record Reach(boolean packets, boolean streams) {}
