package io.meshd.dataplane;

/**
 * The ports from which a node asks in the names of clients whose address is kept. A node has the
 * slice of its number, and only that one: so two nodes that ask a task for the same client never do
 * it from the same port, without a word between them, and a reply's destination port says which
 * node it belongs to.
 *
 * <p>Why these figures. All of 1024-65535 is used: the ports are on overlays, where nothing else
 * has a client's address. 504 is how many connections a node can carry at a time for one client to
 * one port of one task; beyond that it asks with its own address. 128 is how many nodes have a
 * slice.
 *
 * @param number 0 to {@link #COUNT} - 1
 */
public record PortSlice(int number) {
  public static final int FIRST_PORT = 1024;
  public static final int PORTS = 504;
  public static final int COUNT = (65536 - FIRST_PORT) / PORTS;

  public PortSlice {
    if (!exists(number)) {
      throw new IllegalArgumentException("no slice has the number " + number);
    }
  }

  /** Whether a node of that number has a slice. */
  public static boolean exists(int number) {
    return number >= 0 && number < COUNT;
  }

  /** The number of the slice that has the port; -1 below {@link #FIRST_PORT}. */
  public static int numberOf(int port) {
    return port < FIRST_PORT ? -1 : (port - FIRST_PORT) / PORTS;
  }

  public int first() {
    return FIRST_PORT + number * PORTS;
  }

  public int last() {
    return first() + PORTS - 1;
  }
}
