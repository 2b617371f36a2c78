package io.meshd.daemon.security;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** TLS 1.3 between the nodes of a cluster, both sides with certificates of its CA. */
public final class TlsContexts {
  private static final String TLS = "TLSv1.3";

  private TlsContexts() {}

  /**
   * For :2377. A client may show no certificate (joining needs none); one that it shows must be of
   * the cluster. The server shows its own and the root, so that a joining node can check the root.
   */
  public static SslContext server(NodeIdentity identity) {
    try {
      return SslContextBuilder.forServer(identity.key(), identity.certificate(), identity.root())
          .sslProvider(SslProvider.JDK)
          .trustManager(new ClusterTrust(identity.root(), null))
          .clientAuth(ClientAuth.OPTIONAL)
          .protocols(TLS)
          .build();
    } catch (SSLException e) {
      throw new IllegalStateException("this JVM cannot serve TLS 1.3", e);
    }
  }

  /** For a node's calls to managers: shows its certificate, trusts managers of the cluster. */
  public static SSLContext clientOfManagers(NodeIdentity identity) {
    return client(identity, NodeRole.MANAGER);
  }

  /** For a node's calls to any node of the cluster. */
  public static SSLContext clientOfNodes(NodeIdentity identity) {
    return client(identity, null);
  }

  private static SSLContext client(NodeIdentity identity, @Nullable NodeRole required) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      char[] none = new char[0];
      store.setKeyEntry(
          "node",
          identity.key(),
          none,
          new Certificate[] {identity.certificate(), identity.root()});
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, none);
      return context(keys.getKeyManagers(), new ClusterTrust(identity.root(), required));
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("the node's key cannot be used for TLS", e);
    }
  }

  /** For joining: shows no certificate, trusts a manager whose root the token names. */
  public static SSLContext joining(JoinToken token) {
    try {
      return context(new KeyManager[0], new JoinTrust(token));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JVM has no TLS 1.3", e);
    }
  }

  private static SSLContext context(KeyManager[] keys, TrustManager trust)
      throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance(TLS);
    context.init(keys, new TrustManager[] {trust}, null);
    return context;
  }

  /** The node ID that the other side's certificate says, or null when there is none. */
  public static @Nullable String peerId(SSLSession session) {
    try {
      return session.getPeerCertificates()[0] instanceof X509Certificate certificate
          ? ClusterTrust.subjectPart(certificate, "CN")
          : null;
    } catch (SSLPeerUnverifiedException | CertificateException _) {
      return null;
    }
  }
}
