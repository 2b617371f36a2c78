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
  /** Both reset: no buffer memory or another fault of this process. */
  FAILED_INTERNAL("ingress.failed.internal");

  private final String label;

  IngressCounter(String label) {
    this.label = label;
  }

  /** The dotted name under which the value is shown. */
  public String label() {
    return label;
  }
}
