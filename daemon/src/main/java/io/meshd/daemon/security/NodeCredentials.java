package io.meshd.daemon.security;

import java.io.IOException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Objects;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * What a node shows as its own, as it is now. TLS contexts made of this ask it at every handshake,
 * so a renewed certificate needs no new context, no new listener and no restart; connections that
 * are open go on.
 */
public final class NodeCredentials {
  private final NodeIdentity identity;
  private volatile TrustedRoots roots;
  private volatile LiveKey.Entry current;
  private volatile LiveKey.Entry previous;

  /** Begins with the identity's own key, certificate and root. */
  public NodeCredentials(NodeIdentity identity) {
    this(identity, TrustedRoots.of(identity.root()));
  }

  /** {@code roots}: that are trusted at first. */
  public NodeCredentials(NodeIdentity identity, TrustedRoots roots) {
    this.identity = identity;
    this.roots = roots;
    this.current = new LiveKey.Entry(identity.key(), identity.certificate());
    this.previous = current;
  }

  /** Whose they are; its key and certificate are those of the beginning. */
  NodeIdentity identity() {
    return identity;
  }

  public X509Certificate certificate() {
    return current.certificate();
  }

  /**
   * Whether a certificate is this node's with that key, in the role that it has.
   *
   * @throws IOException in a sentence when it is not
   */
  public void check(KeyPair keys, X509Certificate certificate) throws IOException {
    if (roleOf(certificate) != roleOf(current.certificate())) {
      throw new IOException("the new certificate is one of another role");
    }
    checkOwner(keys, certificate);
  }

  /** What a certificate lets this node do; null for one that says no role. */
  public static @Nullable NodeRole roleOf(X509Certificate certificate) {
    try {
      return NodeRole.ofUnit(ClusterTrust.subjectPart(certificate, "OU"));
    } catch (CertificateException e) {
      return null;
    }
  }

  /** As {@link #check}, where the role may be another one. */
  public void checkOwner(KeyPair keys, X509Certificate certificate) throws IOException {
    try {
      roots.requireIssued(new X509Certificate[] {certificate});
      X509Certificate mine = current.certificate();
      for (String part : new String[] {"CN", "O"}) {
        if (!Objects.equals(
            ClusterTrust.subjectPart(certificate, part), ClusterTrust.subjectPart(mine, part))) {
          throw new CertificateException("the new certificate is that of another node");
        }
      }
      if (!certificate.getPublicKey().equals(keys.getPublic())) {
        throw new CertificateException("the new certificate is not for this node's new key");
      }
    } catch (CertificateException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  public TrustedRoots roots() {
    return roots;
  }

  /** Whom to trust from the next handshake on. */
  public void trust(TrustedRoots newRoots) {
    roots = newRoots;
  }

  /** Whether the certificate is of the root that certificates are to be of. */
  public boolean ofNewestRoot() {
    return TrustedRoots.isSignedBy(current.certificate(), roots.newest());
  }

  /** From the next handshake on; handshakes that have begun end with what they began with. */
  public synchronized void renew(PrivateKey key, X509Certificate certificate) {
    previous = current;
    current = new LiveKey.Entry(key, certificate);
  }

  X509ExtendedKeyManager keyManager() {
    return new LiveKey(() -> current, () -> previous, () -> roots);
  }
}
