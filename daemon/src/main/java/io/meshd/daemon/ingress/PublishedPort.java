package io.meshd.daemon.ingress;

import org.jspecify.annotations.Nullable;

/**
 * One published port on this node: reserved always, answering while there is a ready backend. All
 * methods are called by the host thread only.
 */
sealed interface PublishedPort permits TcpPort, UdpPort {

  /** Brings the sockets to what is wanted. */
  void apply(IngressPort wanted);

  /** Tries again what failed. */
  void retry();

  @Nullable BindError error();

  PortStatus status();

  /** For a client, IPv4 as {@link PortTrial#of} has it. */
  PortTrial tryConnection(int client, int asked);

  /** Refuses what is new, until the next {@link #apply}; keeps the port. */
  void stopListening();

  /** Begins nothing new, for good: what comes now waits for the next process, where it can. */
  void pause();

  /** After a pause: closes its sockets, which are the next process's where they were kept. */
  void release();

  /** Gives the port up. Established connections go on. */
  void unpublish();
}
