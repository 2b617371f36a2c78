package io.meshd.daemon.http;

import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.PeerCredentials;
import java.io.IOException;
import java.net.InetSocketAddress;

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
}
