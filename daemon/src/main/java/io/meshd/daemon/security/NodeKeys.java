package io.meshd.daemon.security;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/** A node's own key pair (ECDSA P-256) and its request for a certificate. */
public final class NodeKeys {
  static final String SIGNATURE = "SHA256withECDSA";

  private NodeKeys() {}

  public static KeyPair generate() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JVM has no P-256", e);
    }
  }

  /** PKCS #10 as PEM. The subject is empty: the CA alone says who a node is. */
  public static String request(KeyPair keys) {
    try {
      return Pem.request(
          new JcaPKCS10CertificationRequestBuilder(new X500Name(""), keys.getPublic())
              .build(new JcaContentSignerBuilder(SIGNATURE).build(keys.getPrivate()))
              .getEncoded());
    } catch (OperatorCreationException | IOException e) {
      throw new IllegalStateException("the certificate request cannot be made", e);
    }
  }
}
