package io.meshd.daemon.security;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;

/** What a node's certificate says: CN, OU and O. */
public record CertifiedNode(String nodeId, NodeRole role, String clusterId) {

  /**
   * Only reads: whether the certificate can be believed is TLS's to say.
   *
   * @throws CertificateException when it is not one of a node
   */
  public static CertifiedNode of(X509Certificate certificate) throws CertificateException {
    String nodeId = ClusterTrust.subjectPart(certificate, "CN");
    NodeRole role = NodeRole.ofUnit(ClusterTrust.subjectPart(certificate, "OU"));
    String clusterId = ClusterTrust.subjectPart(certificate, "O");
    if (nodeId == null || role == null || clusterId == null) {
      throw new CertificateException("the certificate is not one of a node");
    }
    return new CertifiedNode(nodeId, role, clusterId);
  }
}
