package io.meshd.daemon.managers;

/** What happens between managers: the word in counters. Append-only. */
enum ManagerCounter {
  REQUESTS_SENT("managers.requests.sent"),
  REQUESTS_SERVED("managers.requests.served"),
  /** No answer within the time limit. */
  TIMED_OUT("managers.requests.timedout"),
  /** The peer is for a subject that nobody serves here: a former member, or one that stops. */
  NOBODY("managers.requests.nobody"),
  CONNECTIONS_OPENED("managers.connections.opened"),
  CONNECTIONS_ACCEPTED("managers.connections.accepted"),
  /** No certificate, or not one of a manager. */
  REFUSED_ROLE("managers.refused.role"),
  /** A certificate of a node that is no manager of the cluster, or is one no more. */
  REFUSED_NODE("managers.refused.node"),
  /** Somebody else answered at a manager's address. */
  REFUSED_OTHER("managers.refused.other"),
  /** A frame that is too long or cannot be read: its connection is closed. */
  MALFORMED("managers.malformed"),
  /** No address, no connection, or it broke. */
  UNREACHABLE("managers.unreachable"),
  /** More waits for a peer than it may. */
  DROPPED_FULL("managers.dropped.full");

  private final String word;

  ManagerCounter(String word) {
    this.word = word;
  }

  String word() {
    return word;
  }
}
