package io.meshd.daemon;

import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.security.NodeKeys;
import io.meshd.daemon.security.NodeRole;
import java.io.IOException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;

/** The certificate of the role that the managers give a node. */
final class RoleCertificate {
  private RoleCertificate() {}

  /**
   * Asks for it, and shows it from now on.
   *
   * @return the node's identity in the role that it says
   * @throws IOException in words when no manager gives it one
   */
  static NodeIdentity ask(Member member) throws IOException, InterruptedException {
    KeyPair keys = NodeKeys.generate();
    X509Certificate certificate = member.askCertificate(NodeKeys.request(keys));
    NodeCredentials credentials = member.credentials();
    credentials.checkOwner(keys, certificate);
    NodeRole role = NodeCredentials.roleOf(certificate);
    if (role == null) {
      throw new IOException("the managers gave a certificate of no role");
    }
    credentials.renew(keys.getPrivate(), certificate);
    return member
        .identity()
        .withManagers(member.managers())
        .as(role, keys.getPrivate(), certificate);
  }
}
