package io.meshd.daemon.control;

import io.meshd.api.Nodes;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.security.ClusterCa;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.Pem;
import io.meshd.daemon.security.TrustedRoots;
import io.meshd.daemon.state.Authority;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.Base64;

/** The cluster's CA as the state has it. */
public final class Authorities {
  private Authorities() {}

  /** As a new cluster's first command carries it. */
  static Authority of(ClusterCa ca) {
    return new Authority(ca.rootPem(), ca.keyPem(), null);
  }

  /**
   * The one that signs certificates: while it is being replaced, the new one.
   *
   * @param state of a manager: others do not have the key
   * @throws ApiException 500 where there is none, or it cannot be read
   */
  public static ClusterCa signing(ClusterState state) {
    Authority authority = authority(state);
    Authority.Next next = authority.next();
    String root = next == null ? authority.root() : next.root();
    String key = next == null ? authority.key() : next.key();
    if (key == null) {
      throw new ApiException(500, "this node does not have the key of the cluster's CA");
    }
    try {
      return ClusterCa.of(root, key);
    } catch (IOException e) {
      throw new ApiException(500, String.valueOf(e.getMessage()));
    }
  }

  /** The root that join tokens name, PEM. */
  static String rootPem(ClusterState state) {
    return authority(state).root();
  }

  private static Authority authority(ClusterState state) {
    ClusterRecord cluster = state.cluster();
    Authority authority = cluster == null ? null : cluster.authority();
    if (authority == null) {
      throw new ApiException(500, "this node does not have the key of the cluster's CA");
    }
    return authority;
  }

  static TrustedRoots roots(Authority authority) throws IOException {
    Authority.Next next = authority.next();
    return TrustedRoots.of(
        authority.root(),
        next == null ? null : next.root(),
        next == null ? null : next.crossSigned());
  }

  /** Whom a node trusts and of whom its certificate is. */
  static Nodes.TlsInfo shown(NodeCredentials credentials) {
    return info(
        Pem.of(credentials.roots().root()),
        credentials.ofNewestRoot() ? credentials.roots().newest() : credentials.roots().root());
  }

  /** {@code trusted} and {@code issuer}: PEM. */
  static Nodes.TlsInfo info(String trusted, String issuer) {
    try {
      return info(trusted, Pem.certificate(issuer));
    } catch (IOException e) {
      throw new IllegalArgumentException("the CA's certificate in the state cannot be read", e);
    }
  }

  private static Nodes.TlsInfo info(String trusted, X509Certificate issuer) {
    Base64.Encoder base64 = Base64.getEncoder();
    return new Nodes.TlsInfo(
        trusted,
        base64.encodeToString(issuer.getSubjectX500Principal().getEncoded()),
        base64.encodeToString(issuer.getPublicKey().getEncoded()));
  }
}
