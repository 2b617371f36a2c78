package io.meshd.daemon.http;

import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.PeerCredentials;
import io.netty.channel.unix.RawUnixChannelOption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Who may speak on the unix socket: root, and processes in the socket's group, by their group ID or
 * one of their supplementary groups as the kernel knew them when they connected (unix(7):
 * SO_PEERCRED, SO_PEERGROUPS). The file's mode says the same; this holds also where somebody has
 * changed that mode, or a process is above modes (CAP_DAC_OVERRIDE).
 */
final class SocketUsers {
  private static final int SOL_SOCKET = 1;
  private static final int SO_PEERGROUPS = 59;

  /** Groups of a process that are looked at; ones with more fail as if they had none. */
  private static final int MOST_GROUPS = 4096;

  private static final RawUnixChannelOption PEER_GROUPS =
      new RawUnixChannelOption(
          "SO_PEERGROUPS", SOL_SOCKET, SO_PEERGROUPS, MOST_GROUPS * Integer.BYTES);

  private final Path path;
  private final UnixSocketFile.@Nullable Group group;
  private final LongAdder refused;

  /**
   * @param path of the socket, for the words of a refusal
   * @param group that may speak besides root; null for nobody
   * @param refused counts
   */
  SocketUsers(Path path, UnixSocketFile.@Nullable Group group, LongAdder refused) {
    this.path = path;
    this.group = group;
    this.refused = refused;
  }

  /** Null for whoever may speak, else what to answer, in Docker's words. */
  RequestReader.@Nullable Malformed refusal(Channel channel) {
    int uid = -1;
    try {
      EpollDomainSocketChannel local = (EpollDomainSocketChannel) channel;
      PeerCredentials peer = local.peerCredentials();
      uid = peer.uid();
      if (uid == 0 || (group != null && inGroup(local, peer, group.gid()))) {
        return null;
      }
    } catch (IOException _) {
      // Who cannot be known may not speak.
    }
    refused.increment();
    return new RequestReader.Malformed(
        403,
        "permission denied while trying to connect to the meshd daemon socket at unix://%s: %s is %s"
            .formatted(
                path,
                uid < 0 ? "an unknown user" : "uid " + uid,
                group == null
                    ? "not root, and there was no group " + UnixSocketFile.GROUP + " at its start"
                    : "neither root nor in the group " + group.name()));
  }

  private static boolean inGroup(EpollDomainSocketChannel channel, PeerCredentials peer, int gid) {
    for (int primary : peer.gids()) {
      if (primary == gid) {
        return true;
      }
    }
    // Root's group in the unused rest of the buffer is never the one that is looked for.
    ByteBuffer groups = channel.config().getOption(PEER_GROUPS);
    if (gid == 0 || groups == null) {
      return false;
    }
    groups.clear().order(ByteOrder.nativeOrder());
    while (groups.remaining() >= Integer.BYTES) {
      if (groups.getInt() == gid) {
        return true;
      }
    }
    return false;
  }
}
