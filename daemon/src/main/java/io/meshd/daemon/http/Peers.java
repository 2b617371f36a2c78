package io.meshd.daemon.http;

import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.PeerCredentials;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/** Tells who is at the other end of a channel. */
final class Peers {
  private Peers() {}

  /** By SO_PEERCRED (unix(7)). */
  static Peer local(Channel channel) {
    try {
      PeerCredentials credentials = ((EpollDomainSocketChannel) channel).peerCredentials();
      int[] gids = credentials.gids();
      return new Peer.Local(credentials.uid(), gids.length == 0 ? -1 : gids[0], credentials.pid());
    } catch (IOException e) {
      throw new ApiException(403, "the caller's credentials cannot be read");
    }
  }

  /** Without TLS nobody shows a certificate. */
  static Peer anyone(Channel channel) {
    return new Peer.Remote(null, null, address(channel));
  }

  private static String address(Channel channel) {
    return channel.remoteAddress() instanceof InetSocketAddress inet
        ? inet.getAddress().getHostAddress()
        : "";
  }

  /** By the certificate that the TLS handshake verified, if the peer showed one. */
  static Peer remote(Channel channel) {
    String address = address(channel);
    SslHandler tls = channel.pipeline().get(SslHandler.class);
    try {
      var certificates = tls.engine().getSession().getPeerCertificates();
      if (certificates[0] instanceof X509Certificate certificate) {
        LdapName subject = new LdapName(certificate.getSubjectX500Principal().getName());
        return new Peer.Remote(part(subject, "CN"), role(part(subject, "OU")), address);
      }
      return new Peer.Remote(null, null, address);
    } catch (SSLPeerUnverifiedException _) {
      return new Peer.Remote(null, null, address);
    } catch (InvalidNameException e) {
      throw new ApiException(403, "the certificate's subject cannot be read");
    }
  }

  private static @Nullable String part(LdapName subject, String type) {
    for (Rdn rdn : subject.getRdns()) {
      if (rdn.getType().equalsIgnoreCase(type)) {
        return String.valueOf(rdn.getValue());
      }
    }
    return null;
  }

  /** Swarm writes swarm-manager and swarm-worker (swarmkit ca/certificates.go). */
  private static @Nullable String role(@Nullable String unit) {
    return unit != null && unit.startsWith("swarm-") ? unit.substring(6) : unit;
  }
}
