package io.meshd.daemon.security;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** TLS 1.3 between the nodes of a cluster, both sides with certificates of its CA. */
public final class TlsContexts {
  private static final String TLS = "TLSv1.3";
  private static final long RESUMED_SECONDS = 60;

  private TlsContexts() {}

  /**
   * For :2377. A client may show no certificate (joining needs none); one that it shows must be of
   * the cluster. The server shows its own and the root, so that a joining node can check the root.
   */
  public static SslContext server(NodeCredentials credentials) {
    try {
      return SslContextBuilder.forServer(credentials.keyManager())
          .sslProvider(SslProvider.JDK)
          .trustManager(new ClusterTrust(credentials.identity().root(), null))
          // A resumed session asks for no certificate: not for long after one has ended.
          .sessionTimeout(RESUMED_SECONDS)
          .clientAuth(ClientAuth.OPTIONAL)
          .protocols(TLS)
          .build();
    } catch (SSLException e) {
      throw new IllegalStateException("this JVM cannot serve TLS 1.3", e);
    }
  }

  /** For a node's calls to managers: shows its certificate, trusts managers of the cluster. */
  public static SSLContext clientOfManagers(NodeCredentials credentials) {
    return client(credentials, NodeRole.MANAGER);
  }

  /** For a node's calls to any node of the cluster. */
  public static SSLContext clientOfNodes(NodeCredentials credentials) {
    return client(credentials, null);
  }

  private static SSLContext client(NodeCredentials credentials, @Nullable NodeRole required) {
    try {
      return context(
          new KeyManager[] {credentials.keyManager()},
          new ClusterTrust(credentials.identity().root(), required));
    } catch (GeneralSecurityException e) {
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
