package io.meshd.daemon.security;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts a manager before the cluster's CA is known: it shows its certificate and the root, and the
 * root must have the digest of the join token.
 */
final class JoinTrust extends X509ExtendedTrustManager {
  private final JoinToken token;

  JoinTrust(JoinToken token) {
    this.token = token;
  }

  private void check(X509Certificate[] chain) throws CertificateException {
    X509Certificate root = chain[chain.length - 1];
    if (chain.length < 2 || !JoinToken.digestOf(root).equals(token.digest())) {
      // swarmkit ca/certificates.go, GetRemoteCA
      throw new CertificateException(
          "remote CA does not match fingerprint. Expected: " + token.digest());
    }
    TrustedRoots trusted = TrustedRoots.of(root);
    new ClusterTrust(() -> trusted, NodeRole.MANAGER).checkServerTrusted(chain, "ECDSA");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("a joining node serves nobody");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw new CertificateException("a joining node serves nobody");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("a joining node serves nobody");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
