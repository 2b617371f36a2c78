package io.meshd.daemon.security;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whom a node trusts: the cluster's root and, while that is being replaced, the one to come. The
 * new root's key, signed by the old one (cross-signed), goes along with certificates of the new
 * root: whoever has not heard of it believes them by that.
 *
 * @param root the one that join tokens name
 * @param next null while none is to come, as is {@code crossSigned}
 */
public record TrustedRoots(
    X509Certificate root, @Nullable X509Certificate next, @Nullable X509Certificate crossSigned) {

  public static TrustedRoots of(X509Certificate root) {
    return new TrustedRoots(root, null, null);
  }

  /**
   * @param next PEM as the others, null together with {@code crossSigned}
   * @throws IOException in words when a text is no certificate
   */
  public static TrustedRoots of(String root, @Nullable String next, @Nullable String crossSigned)
      throws IOException {
    return new TrustedRoots(
        Pem.certificate(root),
        next == null ? null : Pem.certificate(next),
        crossSigned == null ? null : Pem.certificate(crossSigned));
  }

  /** As {@link #toPem} made it. */
  static TrustedRoots ofPem(String text) throws IOException {
    List<X509Certificate> all = Pem.certificates(text);
    return all.size() >= 3
        ? new TrustedRoots(all.get(0), all.get(1), all.get(2))
        : of(all.getFirst());
  }

  String toPem() {
    return Pem.of(root)
        + (next == null || crossSigned == null ? "" : Pem.of(next) + Pem.of(crossSigned));
  }

  /** The one that certificates are to be of. */
  public X509Certificate newest() {
    return next == null ? root : next;
  }

  /** What goes with a certificate of a node, for those who know only the root of a token. */
  X509Certificate[] chain(X509Certificate leaf) {
    return crossSigned == null || isSignedBy(leaf, root)
        ? new X509Certificate[] {leaf, root}
        : new X509Certificate[] {leaf, crossSigned, root};
  }

  /**
   * A node's certificate, valid now, signed by a root or by what a root has signed.
   *
   * @param chain the certificate first
   */
  void requireIssued(X509Certificate[] chain) throws CertificateException {
    X509Certificate leaf = chain[0];
    leaf.checkValidity();
    if (leaf.getBasicConstraints() >= 0) {
      throw new CertificateException("the certificate is an authority's and not a node's");
    }
    List<X509Certificate> trusted = new ArrayList<>(List.of(root));
    if (next != null) {
      trusted.add(next);
    }
    for (int i = 1; i < chain.length; i++) {
      if (chain[i].getBasicConstraints() >= 0 && isSignedBy(chain[i], root)) {
        trusted.add(chain[i]);
      }
    }
    for (X509Certificate issuer : trusted) {
      if (isSignedBy(leaf, issuer)) {
        issuer.checkValidity();
        return;
      }
    }
    throw new CertificateException("the certificate is not signed by the cluster's CA");
  }

  boolean haveIssued(X509Certificate leaf) {
    return isSignedBy(leaf, root) || (next != null && isSignedBy(leaf, next));
  }

  /** Names are the same from root to root: the key tells them apart. */
  static boolean isSignedBy(X509Certificate certificate, X509Certificate issuer) {
    if (!certificate.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())) {
      return false;
    }
    try {
      certificate.verify(issuer.getPublicKey());
      return true;
    } catch (GeneralSecurityException _) {
      return false;
    }
  }
}
