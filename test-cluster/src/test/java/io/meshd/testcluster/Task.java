package io.meshd.testcluster;

/**
 * A line of {@code service ps}.
 *
 * @param name service and slot, as {@code web.1}
 * @param node hostname of its node
 * @param state first word of CURRENT STATE
 */
record Task(String id, String name, String node, String state) {}
