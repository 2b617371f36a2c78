package io.meshd.daemon.security;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;

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

  /** All certificates of a text, at least one. */
  static List<X509Certificate> certificates(String text) throws IOException {
    List<X509Certificate> all = new ArrayList<>();
    String end = "-----END " + CERTIFICATE + "-----";
    for (int from = 0, to = text.indexOf(end);
        all.isEmpty() || to >= 0;
        to = text.indexOf(end, from)) {
      int after = to < 0 ? text.length() : to + end.length();
      all.add(certificate(text.substring(from, after)));
      from = after;
    }
    return all;
  }

  /**
   * A key as tools write it: PKCS #8 or SEC 1, elliptic curve or RSA.
   *
   * @throws IOException in words when the text is none
   */
  static PrivateKey anyPrivateKey(String text) throws IOException {
    try (PEMParser parser = new PEMParser(new StringReader(text))) {
      for (Object each = parser.readObject(); each != null; each = parser.readObject()) {
        JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
        if (each instanceof PEMKeyPair pair) {
          return converter.getKeyPair(pair).getPrivate();
        }
        if (each instanceof PrivateKeyInfo info) {
          return converter.getPrivateKey(info);
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new IOException("not a private key: " + e.getMessage(), e);
    }
    throw new IOException("no unencrypted private key in PEM text");
  }

  /** An elliptic-curve key. */
  static PrivateKey privateKey(String text) throws IOException {
    return ecPrivateKey(content(PRIVATE_KEY, text));
  }

  static PrivateKey ecPrivateKey(byte[] pkcs8) throws IOException {
    try {
      return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    } catch (GeneralSecurityException e) {
      throw new IOException("not a private key: " + e.getMessage());
    }
  }

  static byte[] request(String text) throws IOException {
    return content(REQUEST, text);
  }

  static boolean has(String label, String text) {
    return text.contains("-----BEGIN " + label + "-----");
  }

  static String block(String label, byte[] content) {
    String body =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(content);
    return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
  }

  static byte[] content(String label, String text) throws IOException {
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
