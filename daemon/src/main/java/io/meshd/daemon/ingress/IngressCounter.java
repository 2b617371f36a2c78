package io.meshd.daemon.ingress;

/**
 * What the ingress counts. The closed vocabulary of "why did my connection fail": a refused or
 * failed connection always has exactly one of the reasons below. Append only: names are read by
 * scripts.
 */
public enum IngressCounter {
  /** Connections taken from a listener. */
  ACCEPTED("ingress.accepted"),
  /** Connections that reached a backend. */
  CONNECTED("ingress.connected"),
  /** Connections that ended with both directions closed in order. */
  COMPLETED("ingress.completed"),
  /** Bytes from clients handed to backends. */
  BYTES_TO_BACKEND("ingress.bytes.to_backend"),
  /** Bytes from backends handed to clients. */
  BYTES_TO_CLIENT("ingress.bytes.to_client"),

  /** A listening socket was opened: a port got its first ready backend. */
  LISTEN_OPENED("ingress.listener.opened"),
  /** A listening socket was closed: a port lost its last ready backend or was unpublished. */
  LISTEN_CLOSED("ingress.listener.closed"),
  /** Attempts to bind a published port that failed because something else holds it. */
  BIND_FAILED("ingress.listener.bind_failed"),
  /** accept() failed, mostly for want of descriptors; the listener pauses briefly. */
  ACCEPT_FAILED("ingress.listener.accept_failed"),

  /** Attempts on one backend that were refused; another backend was tried. */
  ATTEMPT_REFUSED("ingress.attempt.refused"),
  /** Attempts on one backend that got no answer in time; another backend was tried. */
  ATTEMPT_TIMEOUT("ingress.attempt.timeout"),
  /** Attempts on one backend that failed otherwise (no route, no descriptor). */
  ATTEMPT_ERROR("ingress.attempt.error"),

  /** Client reset: the last backend went away between accept and choice. */
  FAILED_NO_BACKEND("ingress.failed.no_backend"),
  /** Client reset: every backend that was tried failed. */
  FAILED_ALL_BACKENDS("ingress.failed.all_backends"),
  /** Backend reset because the client reset its connection. */
  FAILED_CLIENT_RESET("ingress.failed.client_reset"),
  /** Client reset because the backend reset its connection. */
  FAILED_BACKEND_RESET("ingress.failed.backend_reset"),
  /** Both reset: this process ends, or a fault of it. */
  FAILED_INTERNAL("ingress.failed.internal"),
  /** Client reset: the port has as many connections as it may have. */
  FAILED_LIMIT("ingress.failed.limit"),
  /** Both reset: too many receivers stall, and no buffer is left to hold what they do not take. */
  FAILED_MEMORY("ingress.failed.memory"),
  /** Client reset because its backend's node is down. */
  FAILED_NODE_DOWN("ingress.failed.node_down"),
  /** Both reset: the port keeps its clients' addresses no more, or is no more. */
  FAILED_UNPRESERVED("ingress.failed.unpreserved"),
  /** Backends that failed and are avoided for a while. */
  BACKEND_EJECTED("ingress.backend.ejected"),

  /** Datagrams from clients handed to backends. */
  UDP_TO_BACKEND("ingress.udp.to_backend"),
  /** Datagrams from backends handed to clients. */
  UDP_TO_CLIENT("ingress.udp.to_client"),
  /** UDP sessions begun: a client's address and port, and the address it asked. */
  UDP_SESSION_OPENED("ingress.udp.session.opened"),
  /** UDP sessions that ended for want of datagrams. */
  UDP_SESSION_EXPIRED("ingress.udp.session.expired"),
  /** UDP sessions ended early because their port had as many as it may. */
  UDP_SESSION_EVICTED("ingress.udp.session.evicted"),
  /** UDP sessions whose backend is no longer one; the client's next datagram goes to another. */
  UDP_SESSION_MOVED("ingress.udp.session.moved"),
  /** ICMP errors from backends; the client's next datagram goes to another. */
  UDP_BACKEND_UNREACHABLE("ingress.udp.backend_unreachable"),
  /** Datagrams of clients for which there was no backend, or none that was not tried in vain. */
  UDP_DROPPED_NO_BACKEND("ingress.udp.dropped.no_backend"),
  /** Datagrams of clients for which no upstream socket could be made. */
  UDP_DROPPED_NO_SOCKET("ingress.udp.dropped.no_socket"),
  /** Datagrams of clients that the kernel did not take, mostly for want of buffer. */
  UDP_DROPPED_TO_BACKEND("ingress.udp.dropped.to_backend"),
  /** Datagrams of backends that the kernel did not take, mostly for want of buffer. */
  UDP_DROPPED_TO_CLIENT("ingress.udp.dropped.to_client");

  private final String label;

  IngressCounter(String label) {
    this.label = label;
  }

  /** The dotted name under which the value is shown. */
  public String label() {
    return label;
  }
}
