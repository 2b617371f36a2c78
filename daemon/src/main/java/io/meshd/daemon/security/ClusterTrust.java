package io.meshd.daemon.security;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.function.Supplier;
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
  private final Supplier<TrustedRoots> roots;
  private final @Nullable NodeRole required;

  /**
   * @param roots asked at every handshake
   * @param required the role that the other side must have, or null for any
   */
  ClusterTrust(Supplier<TrustedRoots> roots, @Nullable NodeRole required) {
    this.roots = roots;
    this.required = required;
  }

  private void check(X509Certificate[] chain) throws CertificateException {
    X509Certificate leaf = chain[0];
    roots.get().requireIssued(chain);
    NodeRole role = NodeRole.ofUnit(subjectPart(leaf, "OU"));
    if (role == null || (required != null && role != required)) {
      throw new CertificateException("the certificate is not one of a " + required);
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
    TrustedRoots trusted = roots.get();
    return trusted.next() == null
        ? new X509Certificate[] {trusted.root()}
        : new X509Certificate[] {trusted.root(), trusted.next()};
  }
}
