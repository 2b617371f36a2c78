package io.meshd.daemon.control;

import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeKeys;
import io.meshd.daemon.security.RenewalTime;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.StateListener;
import java.io.IOException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renews a node's certificate, with a new key, before half of its life is over ({@link
 * RenewalTime}). New ones are on the disk before they are shown to anybody. Where no manager signs,
 * it is tried again until one does; the old certificate serves until its end. One that is not of
 * the root that the cluster changes to is renewed at once.
 */
public final class CertificateRenewal implements StateListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CertificateRenewal.class);

  /** The clock may be set meanwhile. */
  private static final Duration LOOK = Duration.ofMinutes(1);

  private static final Duration SHORTEST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofHours(1);

  /** Between tries while the whole cluster waits for this node's new certificate. */
  private static final Duration AWAITED_PAUSE = Duration.ofSeconds(2);

  private static final int TRIES_PER_LIFE = 20;

  private final NodeCredentials credentials;
  private final Issuer issuer;
  private final Store store;
  private Duration life = Duration.ofNanos(ClusterRecord.DEFAULT_CERT_EXPIRY);
  private boolean closed;

  /** Signs a request, PKCS #10 as PEM. */
  @FunctionalInterface
  public interface Issuer {
    X509Certificate sign(String request) throws IOException, InterruptedException;
  }

  /** Keeps what is to be there after a restart. */
  @FunctionalInterface
  public interface Store {
    void keep(PrivateKey key, X509Certificate certificate) throws IOException;
  }

  public CertificateRenewal(NodeCredentials credentials, Issuer issuer, Store store) {
    this.credentials = credentials;
    this.issuer = issuer;
    this.store = store;
  }

  public void start() {
    Thread.ofVirtual().name("certificate-renewal").start(this::run);
  }

  /** The lifetime may have changed, or the root. */
  @Override
  public synchronized void onState(ClusterState state) {
    ClusterRecord cluster = state.cluster();
    if (cluster != null
        && (!cluster.certificateLife().equals(life) || !credentials.ofNewestRoot())) {
      life = cluster.certificateLife();
      notifyAll();
    }
  }

  private void run() {
    try {
      while (awaitDue()) {
        renew();
        pause();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** False once this is closed. */
  private synchronized boolean awaitDue() throws InterruptedException {
    while (!closed) {
      Duration left =
          Duration.between(Instant.now(), RenewalTime.of(credentials.certificate(), life));
      if (!left.isPositive() || !credentials.ofNewestRoot()) {
        return true;
      }
      wait(Math.max(1, (left.compareTo(LOOK) < 0 ? left : LOOK).toMillis()));
    }
    return false;
  }

  private void renew() throws InterruptedException {
    try {
      KeyPair keys = NodeKeys.generate();
      X509Certificate certificate = issuer.sign(NodeKeys.request(keys));
      credentials.check(keys, certificate);
      store.keep(keys.getPrivate(), certificate);
      credentials.renew(keys.getPrivate(), certificate);
      LOG.info(
          "the node's certificate is renewed, valid until {}",
          certificate.getNotAfter().toInstant());
    } catch (IOException e) {
      LOG.warn(
          "the node's certificate, valid until {}, is not renewed yet: {}",
          credentials.certificate().getNotAfter().toInstant(),
          ErrorText.of(e));
    }
  }

  /** Between tries, and after a success too: clocks of nodes differ. */
  @SuppressWarnings("WaitNotInLoop") // being woken early only looks early
  private synchronized void pause() throws InterruptedException {
    Duration pause = life.dividedBy(TRIES_PER_LIFE);
    pause = pause.compareTo(SHORTEST_PAUSE) < 0 ? SHORTEST_PAUSE : pause;
    pause = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
    if (!credentials.ofNewestRoot() && pause.compareTo(AWAITED_PAUSE) > 0) {
      pause = AWAITED_PAUSE;
    }
    if (!closed) {
      wait(pause.toMillis());
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
  }
}
