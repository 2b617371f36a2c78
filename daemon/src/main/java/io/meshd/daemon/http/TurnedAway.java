package io.meshd.daemon.http;

/**
 * Why somebody at a door of the network was turned away: the end of its counter's name and the
 * words of its log line. Names are append-only.
 */
public enum TurnedAway {
  /** Strangers are at the door beyond all measure: the oldest of the source with the most. */
  CROWD("crowd", "there were too many strangers, and of its address the most"),
  SOURCE_CROWD("source-crowd", "too many strangers came from its address"),
  SOURCE_RATE("source-rate", "too many connections came from its address in a short time"),
  HANDSHAKE_SLOW("handshake-slow", "the TLS handshake was not finished in time"),
  HANDSHAKE_BROKEN("handshake-broken", "the TLS handshake was broken off"),
  NOT_TLS("not-tls", "what came was not TLS"),
  TLS_MALFORMED("tls-malformed", "what came was malformed TLS"),
  TLS_VERSION("tls-version", "the peer does not speak TLS 1.3"),
  CERTIFICATE_FOREIGN("certificate-foreign", "the certificate is not one of this cluster"),
  CERTIFICATE_EXPIRED("certificate-expired", "the certificate's time is over"),
  NOT_A_MEMBER("not-a-member", "the node is not, or no longer, part of this cluster"),
  ROLE("role", "the call needs a certificate, or another role than the peer has"),
  REQUEST_SLOW("request-slow", "the request's head did not come in time"),
  BODY_SLOW("body-slow", "the request's body did not come in time"),
  STRANGER_SLOW("stranger-slow", "a stranger's call was not over in time"),
  REQUEST_MALFORMED("request-malformed", "the request was malformed or too large");

  private final String word;
  private final String sentence;

  TurnedAway(String word, String sentence) {
    this.word = word;
    this.sentence = sentence;
  }

  String word() {
    return word;
  }

  String sentence() {
    return sentence;
  }
}
