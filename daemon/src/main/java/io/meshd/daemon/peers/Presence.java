package io.meshd.daemon.peers;

/**
 * An endpoint that its node has: there is an interface, and the node forwards for it.
 *
 * @param address IPv4, dotted
 * @param mac 02:42:...
 * @param answers whether it is a backend
 * @param since when it began to answer, by its node's clock, milliseconds since 1970; 0 where it
 *     does not
 */
public record Presence(String address, String mac, Answers answers, long since) {

  /** What may be sent to an endpoint as one of a service's backends. */
  public enum Answers {
    /** Nothing yet, or nothing any more. */
    NOTHING,
    /** New flows. */
    NEW_FLOWS,
    /** Only what belongs to flows that it has. */
    OLD_FLOWS
  }
}
