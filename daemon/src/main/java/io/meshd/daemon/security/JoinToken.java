package io.meshd.daemon.security;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code SWMTKN-1-DIGEST-SECRET}, as Swarm's: what a node must know to join. The digest (SHA-256 of
 * the root certificate's DER, base 36, 50 characters) lets it trust the manager; the secret (25
 * characters) lets the manager trust it, and says as what it joins.
 */
public record JoinToken(String digest, String secret) {
  private static final Pattern FORM = Pattern.compile("SWMTKN-1-([0-9a-z]{50})-([0-9a-z]{25})");
  private static final SecureRandom RANDOM = new SecureRandom();

  /** A new token for the cluster of this root, with a new secret of 128 bits. */
  public static JoinToken create(X509Certificate root) {
    byte[] secret = new byte[16];
    RANDOM.nextBytes(secret);
    return new JoinToken(digestOf(root), base36(secret, 25));
  }

  /**
   * @throws IllegalArgumentException {@code invalid join token}
   */
  public static JoinToken parse(String text) {
    Matcher match = FORM.matcher(text);
    if (!match.matches()) {
      throw new IllegalArgumentException("invalid join token");
    }
    return new JoinToken(match.group(1), match.group(2));
  }

  /** The digest part of a token for this root. */
  static String digestOf(X509Certificate root) {
    try {
      return base36(MessageDigest.getInstance("SHA-256").digest(root.getEncoded()), 50);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the root's digest cannot be computed", e);
    }
  }

  /** Compares in a time that tells nothing. */
  public boolean sameAs(String token) {
    return MessageDigest.isEqual(
        toString().getBytes(StandardCharsets.UTF_8), token.getBytes(StandardCharsets.UTF_8));
  }

  private static String base36(byte[] number, int length) {
    String digits = new BigInteger(1, number).toString(36);
    return "0".repeat(length - digits.length()) + digits;
  }

  @Override
  public String toString() {
    return "SWMTKN-1-" + digest + "-" + secret;
  }
}
