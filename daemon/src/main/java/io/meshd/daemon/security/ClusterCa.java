package io.meshd.daemon.security;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

/**
 * The cluster's own certificate authority: ECDSA P-256, a root for 20 years, certificates of nodes
 * for as long as the cluster says, 90 days at first, with CN = node ID, OU = role, O = cluster ID
 * (as swarmkit's ca/certificates.go).
 */
public final class ClusterCa {
  private static final Duration ROOT_LIFE = Duration.ofDays(20 * 365L);

  /** Clocks of nodes differ. */
  private static final Duration BACKDATE = Duration.ofHours(1);

  private static final SecureRandom RANDOM = new SecureRandom();

  private final X509Certificate root;
  private final PrivateKey key;

  ClusterCa(X509Certificate root, PrivateKey key) {
    this.root = root;
    this.key = key;
  }

  /** A new authority with a new key. */
  public static ClusterCa create() {
    KeyPair keys = NodeKeys.generate();
    X500Name name = new X500NameBuilder().addRDN(BCStyle.CN, "swarm-ca").build();
    Instant from = Instant.now().minus(BACKDATE);
    try {
      JcaX509ExtensionUtils ids = new JcaX509ExtensionUtils();
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
                  name,
                  serial(),
                  Date.from(from),
                  Date.from(from.plus(ROOT_LIFE)),
                  name,
                  keys.getPublic())
              .addExtension(Extension.basicConstraints, true, new BasicConstraints(1))
              .addExtension(
                  Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign))
              .addExtension(
                  Extension.subjectKeyIdentifier,
                  false,
                  ids.createSubjectKeyIdentifier(keys.getPublic()));
      return new ClusterCa(signed(builder, keys.getPrivate()), keys.getPrivate());
    } catch (GeneralSecurityException | CertIOException e) {
      throw new IllegalStateException("the cluster's CA cannot be made", e);
    }
  }

  /**
   * The authority that was carried away.
   *
   * @param root as PEM, as is {@code key}
   * @throws IOException in words when they are none, or not of each other
   */
  public static ClusterCa of(String root, String key) throws IOException {
    ClusterCa ca = new ClusterCa(Pem.certificate(root), Pem.anyPrivateKey(key));
    try {
      Signature proof = Signature.getInstance(algorithm(ca.key));
      proof.initSign(ca.key);
      byte[] signed = proof.sign();
      proof.initVerify(ca.root.getPublicKey());
      if (proof.verify(signed)) {
        return ca;
      }
    } catch (GeneralSecurityException _) {
      // said below
    }
    throw new IOException("the key of the cluster's CA does not belong to its certificate");
  }

  /**
   * The authority that an operator brings.
   *
   * @throws IOException in words also when it is no authority, or its time is over
   */
  public static ClusterCa given(String root, String key) throws IOException {
    ClusterCa ca = of(root, key);
    try {
      ca.root.checkValidity();
    } catch (CertificateException e) {
      throw new IOException("the CA certificate is not valid now: " + e.getMessage(), e);
    }
    if (ca.root.getBasicConstraints() < 0) {
      throw new IOException("the certificate is not that of a CA");
    }
    return ca;
  }

  /** Another authority's key, signed by this one, for those who know only this one. */
  public X509Certificate crossSign(ClusterCa other) {
    Instant now = Instant.now();
    try {
      JcaX509ExtensionUtils ids = new JcaX509ExtensionUtils();
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
                  X500Name.getInstance(root.getSubjectX500Principal().getEncoded()),
                  serial(),
                  Date.from(now.minus(BACKDATE)),
                  root.getNotAfter(),
                  X500Name.getInstance(other.root.getSubjectX500Principal().getEncoded()),
                  other.root.getPublicKey())
              .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
              .addExtension(
                  Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign))
              .addExtension(
                  Extension.subjectKeyIdentifier,
                  false,
                  ids.createSubjectKeyIdentifier(other.root.getPublicKey()))
              .addExtension(
                  Extension.authorityKeyIdentifier,
                  false,
                  ids.createAuthorityKeyIdentifier(root.getPublicKey()));
      return signed(builder, key);
    } catch (GeneralSecurityException | CertIOException e) {
      throw new IllegalStateException("the new CA cannot be signed by the old one", e);
    }
  }

  private static String algorithm(PrivateKey key) {
    return key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : NodeKeys.SIGNATURE;
  }

  /** The root's certificate. */
  public String rootPem() {
    return Pem.of(root);
  }

  /** PEM, unencrypted. */
  public String keyPem() {
    return Pem.of(key);
  }

  public X509Certificate root() {
    return root;
  }

  PrivateKey key() {
    return key;
  }

  /**
   * Signs a node's request.
   *
   * @param request PKCS #10 as PEM; its subject is ignored
   * @param life from now on
   * @throws IOException in words when it is no request, or not signed by its own key
   */
  public X509Certificate sign(
      String request, String nodeId, NodeRole role, String clusterId, Duration life)
      throws IOException {
    try {
      JcaPKCS10CertificationRequest csr = new JcaPKCS10CertificationRequest(Pem.request(request));
      PublicKey publicKey = csr.getPublicKey();
      if (!csr.isSignatureValid(new JcaContentVerifierProviderBuilder().build(publicKey))) {
        throw new IOException("the certificate request is not signed by its own key");
      }
      return issue(publicKey, nodeId, role, clusterId, life);
    } catch (GeneralSecurityException
        | OperatorCreationException
        | PKCSException
        | IllegalArgumentException e) {
      throw new IOException("the certificate request cannot be read: " + e.getMessage());
    }
  }

  /** A certificate for a key that needs no proof: the first manager's own. */
  public X509Certificate issue(
      PublicKey holder, String nodeId, NodeRole role, String clusterId, Duration life) {
    X500Name subject =
        new X500NameBuilder()
            .addRDN(BCStyle.O, clusterId)
            .addRDN(BCStyle.OU, role.unit())
            .addRDN(BCStyle.CN, nodeId)
            .build();
    Instant now = Instant.now();
    try {
      JcaX509ExtensionUtils ids = new JcaX509ExtensionUtils();
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
                  X500Name.getInstance(root.getSubjectX500Principal().getEncoded()),
                  serial(),
                  Date.from(now.minus(BACKDATE)),
                  Date.from(now.plus(life)),
                  subject,
                  holder)
              .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
              .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
              .addExtension(
                  Extension.extendedKeyUsage,
                  false,
                  new ExtendedKeyUsage(
                      new KeyPurposeId[] {
                        KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth
                      }))
              .addExtension(
                  Extension.subjectAlternativeName,
                  false,
                  new GeneralNames(
                      new GeneralName[] {
                        new GeneralName(GeneralName.dNSName, role.unit()),
                        new GeneralName(GeneralName.dNSName, nodeId)
                      }))
              .addExtension(
                  Extension.authorityKeyIdentifier,
                  false,
                  ids.createAuthorityKeyIdentifier(root.getPublicKey()));
      return signed(builder, key);
    } catch (GeneralSecurityException | CertIOException e) {
      throw new IllegalStateException("the certificate cannot be made", e);
    }
  }

  /** When a certificate of this authority was made: it is valid from a little before. */
  static Instant issuedAt(X509Certificate certificate) {
    return certificate.getNotBefore().toInstant().plus(BACKDATE);
  }

  private static X509Certificate signed(X509v3CertificateBuilder builder, PrivateKey key)
      throws GeneralSecurityException {
    try {
      return new JcaX509CertificateConverter()
          .getCertificate(builder.build(new JcaContentSignerBuilder(algorithm(key)).build(key)));
    } catch (OperatorCreationException e) {
      throw new GeneralSecurityException(e);
    }
  }

  private static BigInteger serial() {
    return new BigInteger(127, RANDOM).add(BigInteger.ONE);
  }
}
