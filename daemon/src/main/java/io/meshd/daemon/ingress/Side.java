package io.meshd.daemon.ingress;

import io.meshd.dataplane.sys.EpollEvents;

/** One of a connection's two sockets, and what is known of it. */
final class Side {
  final int fd;

  /** Under which its events come. */
  final int tag;

  /** Reading may give something: bytes, the end or an error. */
  boolean readable;

  /** Writing may take something. */
  boolean writable;

  /** Behind what can be read there is an end or an error. */
  boolean ending;

  /** All has arrived that will ever be read: bytes, then an orderly end. */
  boolean complete;

  /** A write failed for good; what was received before can still be read. */
  boolean dead;

  /** Whether events are asked for at all, and whether for room to write. */
  boolean watched;

  boolean watchedForRoom;

  /** TCP_NODELAY is not set. The first write needs none: nothing is unacknowledged before it. */
  boolean delays;

  boolean written;

  Side(int fd, int tag) {
    this.fd = fd;
    this.tag = tag;
  }

  /** Takes an event as a hint; system calls say what is true. */
  void hint(int events) {
    if ((events & (EpollEvents.RDHUP | EpollEvents.HUP | EpollEvents.ERR)) != 0) {
      ending = true;
      readable = true;
      complete = (events & EpollEvents.ERR) == 0 && (complete || (events & EpollEvents.RDHUP) != 0);
    }
    if ((events & EpollEvents.IN) != 0) {
      readable = true;
    }
    if ((events & (EpollEvents.OUT | EpollEvents.HUP | EpollEvents.ERR)) != 0) {
      writable = true;
    }
  }
}
