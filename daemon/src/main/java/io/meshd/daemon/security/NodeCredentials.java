package io.meshd.daemon.security;

import java.io.IOException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Objects;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * What a node shows as its own, as it is now. TLS contexts made of this ask it at every handshake,
 * so a renewed certificate needs no new context, no new listener and no restart; connections that
 * are open go on.
 */
public final class NodeCredentials {
  private final NodeIdentity identity;
  private volatile LiveKey.Entry current;
  private volatile LiveKey.Entry previous;

  /** Begins with the identity's own key and certificate. */
  public NodeCredentials(NodeIdentity identity) {
    this.identity = identity;
    this.current = new LiveKey.Entry(identity.key(), identity.certificate(), identity.root());
    this.previous = current;
  }

  /** Whose they are; its key and certificate are those of the beginning. */
  NodeIdentity identity() {
    return identity;
  }

  public PrivateKey key() {
    return current.key();
  }

  public X509Certificate certificate() {
    return current.certificate();
  }

  /**
   * Whether a certificate is this node's with that key.
   *
   * @throws IOException in a sentence when it is not
   */
  public void check(KeyPair keys, X509Certificate certificate) throws IOException {
    try {
      ClusterTrust.requireIssued(certificate, identity.root());
      X509Certificate mine = current.certificate();
      for (String part : new String[] {"CN", "OU", "O"}) {
        if (!Objects.equals(
            ClusterTrust.subjectPart(certificate, part), ClusterTrust.subjectPart(mine, part))) {
          throw new CertificateException("the new certificate is that of another node or role");
        }
      }
      if (!certificate.getPublicKey().equals(keys.getPublic())) {
        throw new CertificateException("the new certificate is not for this node's new key");
      }
    } catch (CertificateException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** From the next handshake on; handshakes that have begun end with what they began with. */
  public synchronized void renew(PrivateKey key, X509Certificate certificate) {
    previous = current;
    current = new LiveKey.Entry(key, certificate, identity.root());
  }

  X509ExtendedKeyManager keyManager() {
    return new LiveKey(() -> current, () -> previous);
  }
}
