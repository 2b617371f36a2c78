package io.meshd.daemon.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AttributeKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * Stands at one door of the network.
 *
 * <p>A connection's way: {@link #admit} (room for a stranger) -> {@link HandshakeWatch} (TLS in
 * time, the certificate judged) -> {@link RequestDeadline} (a request in time) -> {@link #peer}
 * (judged again, at every request). One whose certificate is a member's is no stranger any more; a
 * stranger has one request and little time. {@link #recheck} ends the connections of those who are
 * members no more, with all that streams on them.
 */
final class DoorGuard {
  private static final AttributeKey<Standing> STANDING = AttributeKey.valueOf("meshd.standing");

  /** The state of a TCP connection whose other end has said all, as the kernel numbers it. */
  private static final int TCP_CLOSE_WAIT = 8;

  /** What streams to a node that was removed may still tell it so. */
  private static final long LAST_WORDS_MILLIS = 300;

  private final DoorLimits limits;
  private final @Nullable Doorkeeper keeper;
  private final DoorRecord record;
  private final Strangers<Channel> strangers;

  /** What is known of a connection. */
  private static final class Standing {
    final InetAddress source;
    volatile boolean stranger = true;
    volatile @Nullable X509Certificate certificate;

    Standing(InetAddress source) {
      this.source = source;
    }
  }

  /**
   * @param record where to count; it outlives the door
   * @param keeper null at a door where nobody has a certificate
   */
  DoorGuard(DoorRecord record, DoorLimits limits, @Nullable Doorkeeper keeper) {
    this.limits = limits;
    this.keeper = keeper;
    this.record = record;
    this.strangers = new Strangers<>(limits, System::nanoTime);
  }

  DoorLimits limits() {
    return limits;
  }

  int strangers() {
    return strangers.size();
  }

  /** False for a connection that was closed at once. */
  boolean admit(Channel channel) {
    InetAddress source = source(channel);
    if (source == null) {
      var _ = channel.close();
      return false;
    }
    if (keeper != null && isOver(channel)) {
      count(channel, TurnedAway.HANDSHAKE_BROKEN);
      var _ = channel.close();
      return false;
    }
    channel.attr(STANDING).set(new Standing(source));
    Strangers.Admission<Channel> admission = strangers.admit(channel, source);
    if (admission.refused() != null) {
      turnAway(channel, admission.refused());
      return false;
    }
    if (admission.pushedOut() != null && admission.why() != null) {
      turnAway(admission.pushedOut(), admission.why());
    }
    var _ = channel.closeFuture().addListener(_ -> strangers.remove(channel, source, false));
    var _ =
        channel
            .eventLoop()
            .schedule(
                () -> {
                  if (channel.isActive() && stranger(channel)) {
                    turnAway(channel, TurnedAway.STRANGER_SLOW);
                  }
                },
                limits.stranger().toMillis(),
                TimeUnit.MILLISECONDS);
    return true;
  }

  /**
   * Whether the other end has given up already. While this process stood still the kernel has gone
   * on taking connections, and who tries again for a minute leaves many: they are nobody's, cost
   * nothing, and must not be counted against the one that is tried now.
   */
  private static boolean isOver(Channel channel) {
    try {
      return channel instanceof EpollSocketChannel socket
          && socket.tcpInfo().state() == TCP_CLOSE_WAIT;
    } catch (ChannelException _) {
      return true;
    }
  }

  /**
   * Counts, and closes without a word, TLS's own included; what the kernel still holds goes too.
   */
  void turnAway(Channel channel, TurnedAway reason) {
    count(channel, reason);
    try {
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
    } catch (ChannelException _) {
      return; // the other end was faster: it is closed
    }
    Channel.Unsafe below = channel.unsafe();
    if (channel.eventLoop().inEventLoop()) {
      below.close(below.voidPromise());
    } else {
      channel.eventLoop().execute(() -> below.close(below.voidPromise()));
    }
  }

  void count(Channel channel, TurnedAway reason) {
    InetAddress source = source(channel);
    record.count(reason, source == null ? "somebody" : source.getHostAddress());
  }

  /** TLS is agreed on: a member from here on, or a stranger still. */
  void shown(Channel channel) {
    Standing standing = channel.attr(STANDING).get();
    X509Certificate certificate = certificate(channel);
    if (standing == null || certificate == null) {
      return;
    }
    standing.certificate = certificate;
    if (judge(certificate) instanceof Doorkeeper.Verdict.Member) {
      standing.stranger = false;
      strangers.remove(channel, standing.source, true);
    }
  }

  /** Whether a connection's other end has not shown that it is a member. */
  boolean stranger(Channel channel) {
    Standing standing = channel.attr(STANDING).get();
    return standing == null || standing.stranger;
  }

  /**
   * Who asks, as things are now.
   *
   * @throws ApiException in the doorkeeper's words when its node may not speak (any more)
   */
  Peer peer(Channel channel) {
    InetAddress source = source(channel);
    String address = source == null ? "" : source.getHostAddress();
    Standing standing = channel.attr(STANDING).get();
    X509Certificate certificate = standing == null ? null : standing.certificate;
    if (certificate == null) {
      return new Peer.Remote(null, null, address);
    }
    return switch (judge(certificate)) {
      case Doorkeeper.Verdict.Member member ->
          new Peer.Remote(member.nodeId(), member.role(), address);
      case Doorkeeper.Verdict.Refused refused -> {
        count(channel, refused.reason());
        throw new ApiException(refused.status(), refused.words());
      }
    };
  }

  private Doorkeeper.Verdict judge(X509Certificate certificate) {
    return keeper == null
        ? new Doorkeeper.Verdict.Refused(
            TurnedAway.CERTIFICATE_FOREIGN, 403, "certificates are not looked at here")
        : keeper.judge(certificate);
  }

  /** The nodes, or whom they trust, have changed. */
  void recheck(Iterable<Channel> connections) {
    for (Channel channel : connections) {
      Standing standing = channel.attr(STANDING).get();
      X509Certificate certificate = standing == null ? null : standing.certificate;
      if (standing == null || standing.stranger || certificate == null) {
        continue;
      }
      if (judge(certificate) instanceof Doorkeeper.Verdict.Refused refused) {
        standing.stranger = true;
        var _ =
            channel
                .eventLoop()
                .schedule(
                    () -> {
                      if (channel.isActive()) {
                        turnAway(channel, refused.reason());
                      }
                    },
                    LAST_WORDS_MILLIS,
                    TimeUnit.MILLISECONDS);
      }
    }
  }

  private static @Nullable InetAddress source(Channel channel) {
    return channel.remoteAddress() instanceof InetSocketAddress inet ? inet.getAddress() : null;
  }

  /** The one that the handshake verified, also when that was in an earlier session. */
  private static @Nullable X509Certificate certificate(Channel channel) {
    SslHandler tls = channel.pipeline().get(SslHandler.class);
    if (tls == null) {
      return null;
    }
    try {
      Certificate[] chain = tls.engine().getSession().getPeerCertificates();
      return chain[0] instanceof X509Certificate certificate ? certificate : null;
    } catch (SSLPeerUnverifiedException _) {
      return null;
    }
  }
}
