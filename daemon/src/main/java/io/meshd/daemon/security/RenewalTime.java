package io.meshd.daemon.security;

import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;

/**
 * When a certificate is renewed: after 40 to 50 % of its life, where in between by its serial
 * number, which is random, so that nodes of one age do not all come at once. What is left is more
 * than the half in which a manager may be away.
 */
public final class RenewalTime {
  /** Certificates know whole seconds. */
  private static final Duration ROUNDING = Duration.ofSeconds(2);

  private static final double EARLIEST = 0.4;
  private static final double SPREAD = 0.1;
  private static final BigInteger STEPS = BigInteger.valueOf(1000);

  private RenewalTime() {}

  /**
   * @param life what the cluster gives new certificates; one that was given a longer life is due at
   *     once
   */
  public static Instant of(X509Certificate certificate, Duration life) {
    Instant issued = ClusterCa.issuedAt(certificate);
    Duration own = Duration.between(issued, certificate.getNotAfter().toInstant());
    if (own.compareTo(life.plus(ROUNDING)) > 0) {
      return issued;
    }
    double step = certificate.getSerialNumber().mod(STEPS).doubleValue() / STEPS.doubleValue();
    return issued.plusMillis((long) (own.toMillis() * (EARLIEST + SPREAD * step)));
  }
}
