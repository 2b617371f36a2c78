package io.meshd.daemon.http;

import java.security.cert.X509Certificate;

/**
 * Knows the nodes behind certificates. Asked after every handshake, at every request and whenever
 * the nodes have changed, on event loops too: must not block.
 */
@FunctionalInterface
public interface Doorkeeper {

  /** {@code certificate}: one that TLS has trusted, maybe some time ago. */
  Verdict judge(X509Certificate certificate);

  /** Whether the certificate's node may speak, as things are now. */
  sealed interface Verdict {

    /** {@code role}: worker or manager, what both the certificate and the cluster say. */
    record Member(String nodeId, String role) implements Verdict {}

    /** {@code status} and {@code words}: the answer to its requests. */
    record Refused(TurnedAway reason, int status, String words) implements Verdict {}
  }
}
