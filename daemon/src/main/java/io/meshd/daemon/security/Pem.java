package io.meshd.daemon.security;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;

/** Certificates, keys and requests as text (RFC 7468). */
public final class Pem {
  private Pem() {}

  private static final String CERTIFICATE = "CERTIFICATE";
  private static final String PRIVATE_KEY = "PRIVATE KEY";
  private static final String REQUEST = "CERTIFICATE REQUEST";

  public static String of(X509Certificate certificate) {
    try {
      return block(CERTIFICATE, certificate.getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("the certificate cannot be encoded", e);
    }
  }

  /** PKCS #8, unencrypted: for files that only root reads. */
  public static String of(PrivateKey key) {
    return block(PRIVATE_KEY, key.getEncoded());
  }

  static String request(byte[] pkcs10) {
    return block(REQUEST, pkcs10);
  }

  /**
   * @throws IOException in words when the text is none
   */
  public static X509Certificate certificate(String text) throws IOException {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(content(CERTIFICATE, text)));
    } catch (GeneralSecurityException e) {
      throw new IOException("not a certificate: " + e.getMessage());
    }
  }

  /** An elliptic-curve key. */
  static PrivateKey privateKey(String text) throws IOException {
    try {
      return KeyFactory.getInstance("EC")
          .generatePrivate(new PKCS8EncodedKeySpec(content(PRIVATE_KEY, text)));
    } catch (GeneralSecurityException e) {
      throw new IOException("not a private key: " + e.getMessage());
    }
  }

  static byte[] request(String text) throws IOException {
    return content(REQUEST, text);
  }

  private static String block(String label, byte[] content) {
    String body =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(content);
    return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
  }

  private static byte[] content(String label, String text) throws IOException {
    String begin = "-----BEGIN " + label + "-----";
    int from = text.indexOf(begin);
    int to = text.indexOf("-----END " + label + "-----");
    if (from < 0 || to < from) {
      throw new IOException("no " + label + " block in PEM text");
    }
    try {
      return Base64.getMimeDecoder().decode(text.substring(from + begin.length(), to));
    } catch (IllegalArgumentException e) {
      throw new IOException("the " + label + " block is not base 64");
    }
  }
}
