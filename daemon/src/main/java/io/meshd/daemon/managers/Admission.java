package io.meshd.daemon.managers;

import io.meshd.daemon.security.NodeRole;
import io.meshd.daemon.security.TlsContexts;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AttributeKey;
import java.util.function.Predicate;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Who may speak: a node whose certificate says manager, and which is one still. On both ends of a
 * connection, once its handshake is done and before anything is read.
 */
final class Admission {
  private static final AttributeKey<String> NODE = AttributeKey.valueOf("meshd.manager");

  private final Predicate<String> managers;
  private final ManagerCounters counters;

  Admission(Predicate<String> managers, ManagerCounters counters) {
    this.managers = managers;
    this.counters = counters;
  }

  boolean admits(Channel channel) {
    return refusal(channel, null) == null;
  }

  /**
   * Why not, in words, or null.
   *
   * @param expected who has to be at the other end, or null for any manager
   */
  @Nullable String refusal(Channel channel, @Nullable String expected) {
    SslHandler tls = channel.pipeline().get(SslHandler.class);
    SSLSession session = tls.engine().getSession();
    String node = TlsContexts.peerId(session);
    if (node == null || TlsContexts.peerRole(session) != NodeRole.MANAGER) {
      counters.count(ManagerCounter.REFUSED_ROLE);
      return "its certificate is no manager's";
    }
    if (expected != null && !expected.equals(node)) {
      counters.count(ManagerCounter.REFUSED_OTHER);
      return "node " + node + " answered there";
    }
    channel.attr(NODE).set(node);
    return stillAdmits(channel) ? null : "it is no manager of this cluster now";
  }

  /** Whether a channel that was admitted would be again. */
  boolean stillAdmits(Channel channel) {
    String node = channel.attr(NODE).get();
    if (node != null && managers.test(node)) {
      return true;
    }
    counters.count(ManagerCounter.REFUSED_NODE);
    return false;
  }
}
