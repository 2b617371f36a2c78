package io.meshd.daemon.security;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
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
    return server(credentials, List.of());
  }

  /**
   * The same, with other protocols than HTTP to choose from (ALPN, RFC 7301). Who names none, or
   * {@code http/1.1}, speaks HTTP.
   */
  public static SslContext server(NodeCredentials credentials, List<String> protocols) {
    try {
      SslContextBuilder builder =
          SslContextBuilder.forServer(credentials.keyManager())
              .sslProvider(SslProvider.JDK)
              .trustManager(new ClusterTrust(credentials::roots, null))
              // A resumed session asks for no certificate: not for long after one has ended.
              .sessionTimeout(RESUMED_SECONDS)
              .clientAuth(ClientAuth.OPTIONAL)
              .protocols(TLS);
      if (!protocols.isEmpty()) {
        List<String> all = new ArrayList<>(protocols);
        all.add(ApplicationProtocolNames.HTTP_1_1);
        builder.applicationProtocolConfig(choice(all));
      }
      return builder.build();
    } catch (SSLException e) {
      throw new IllegalStateException("this JVM cannot serve TLS 1.3", e);
    }
  }

  /** For a manager's connections to other managers that speak this protocol (ALPN). */
  public static SslContext managerToManager(NodeCredentials credentials, String protocol) {
    try {
      return SslContextBuilder.forClient()
          .sslProvider(SslProvider.JDK)
          .keyManager(credentials.keyManager())
          .trustManager(new ClusterTrust(credentials::roots, NodeRole.MANAGER))
          .endpointIdentificationAlgorithm("")
          .protocols(TLS)
          .applicationProtocolConfig(choice(List.of(protocol)))
          .build();
    } catch (SSLException e) {
      throw new IllegalStateException("this JVM cannot speak TLS 1.3", e);
    }
  }

  private static ApplicationProtocolConfig choice(List<String> protocols) {
    return new ApplicationProtocolConfig(
        ApplicationProtocolConfig.Protocol.ALPN,
        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
        protocols);
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
          new ClusterTrust(credentials::roots, required));
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
    return peerPart(session, "CN");
  }

  /** The role that the other side's certificate says, or null when there is none. */
  public static @Nullable NodeRole peerRole(SSLSession session) {
    return NodeRole.ofUnit(peerPart(session, "OU"));
  }

  private static @Nullable String peerPart(SSLSession session, String part) {
    try {
      return session.getPeerCertificates()[0] instanceof X509Certificate certificate
          ? ClusterTrust.subjectPart(certificate, part)
          : null;
    } catch (SSLPeerUnverifiedException | CertificateException _) {
      return null;
    }
  }
}
