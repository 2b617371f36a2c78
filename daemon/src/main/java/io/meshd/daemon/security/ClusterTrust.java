package io.meshd.daemon.security;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Trusts certificates of one cluster's CA. Host names are not looked at: a node is who its
 * certificate says, wherever it is. (Extended, because the JDK would otherwise check names.)
 */
final class ClusterTrust extends X509ExtendedTrustManager {
  private final X509Certificate root;
  private final @Nullable NodeRole required;

  /** {@code required}: the role that the other side must have, or null for any. */
  ClusterTrust(X509Certificate root, @Nullable NodeRole required) {
    this.root = root;
    this.required = required;
  }

  private void check(X509Certificate[] chain) throws CertificateException {
    X509Certificate leaf = chain[0];
    requireIssued(leaf, root);
    NodeRole role = NodeRole.ofUnit(subjectPart(leaf, "OU"));
    if (role == null || (required != null && role != required)) {
      throw new CertificateException("the certificate is not one of a " + required);
    }
  }

  /** A leaf, valid now, signed by this root. */
  static void requireIssued(X509Certificate leaf, X509Certificate root)
      throws CertificateException {
    leaf.checkValidity();
    root.checkValidity();
    if (leaf.getBasicConstraints() >= 0
        || !leaf.getIssuerX500Principal().equals(root.getSubjectX500Principal())) {
      throw new CertificateException("the certificate is not one of this cluster");
    }
    try {
      leaf.verify(root.getPublicKey());
    } catch (CertificateException e) {
      throw e;
    } catch (GeneralSecurityException e) {
      throw new CertificateException("the certificate is not signed by the cluster's CA", e);
    }
  }

  static @Nullable String subjectPart(X509Certificate certificate, String type)
      throws CertificateException {
    try {
      for (Rdn rdn : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
        if (rdn.getType().equalsIgnoreCase(type)) {
          return String.valueOf(rdn.getValue());
        }
      }
      return null;
    } catch (InvalidNameException e) {
      throw new CertificateException("the certificate's subject cannot be read", e);
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(chain);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[] {root};
  }
}
