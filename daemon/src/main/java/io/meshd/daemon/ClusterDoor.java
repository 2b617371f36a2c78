package io.meshd.daemon;

import io.meshd.daemon.control.AgentMessages;
import io.meshd.daemon.control.NodeDoor;
import io.meshd.daemon.control.RemoteReports;
import io.meshd.daemon.http.ApiServer;
import io.meshd.daemon.managers.ManagerTransport;
import io.meshd.daemon.raft.AtomixLog;
import io.meshd.daemon.raft.ReplicatedLog;
import io.meshd.daemon.raft.Transport;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.TlsContexts;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.StateListener;
import io.meshd.daemon.state.StateMachine;
import io.netty.channel.Channel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The door at :2377, and the managers' log, whose members meet there too. */
final class ClusterDoor {
  private final ApiServer server;
  private final InetSocketAddress address;
  private volatile @Nullable ManagerTransport transport;

  ClusterDoor(ApiServer server, InetSocketAddress address) {
    this.server = server;
    this.address = address;
  }

  /**
   * @param member null while it is being opened
   * @throws IOException in one sentence when the port is taken
   */
  void open(NodeCredentials credentials, Supplier<@Nullable Member> member) throws IOException {
    try {
      StartupChecks.checkPort(address);
    } catch (StartupException e) {
      throw new IOException(e.getMessage(), e);
    }
    server.openTls(
        address,
        TlsContexts.server(credentials, List.of(ManagerTransport.PROTOCOL)),
        new NodeDoor(new KnownNodes(member)),
        Map.of(ManagerTransport.PROTOCOL, this::serve));
  }

  /** Another manager, which finds none here while this node is a worker. */
  private void serve(Channel channel) {
    ManagerTransport now = transport;
    if (now == null) {
      var _ = channel.close();
    } else {
      now.door().accept(channel);
    }
  }

  /** To be told every state: connections of nodes that are no members any more end. */
  StateListener watch() {
    return NodeDoor.onChange(server::recheck);
  }

  /**
   * The state by which nodes are judged: none until this node has seen the cluster's once, as what
   * was so when it was here last is no reason to refuse anybody.
   */
  private static final class KnownNodes implements Supplier<ClusterState> {
    private final Supplier<@Nullable Member> member;
    private volatile boolean seen;

    /** {@code member}: null while it is being opened. */
    KnownNodes(Supplier<@Nullable Member> member) {
      this.member = member;
    }

    @Override
    public ClusterState get() {
      Member now = member.get();
      if (now == null) {
        return ClusterState.empty();
      }
      seen |= now.upToDate();
      return seen ? now.state() : ClusterState.empty();
    }
  }

  void close() {
    server.closeTls();
  }

  /** The first manager of a cluster. */
  ManagerMember first(Standing standing, Path folder) throws IOException, InterruptedException {
    return new ManagerMember(
        standing,
        (machine, states, others) ->
            open(standing, folder, machine, states, Map.of(), new AtomixLog.Start.First()));
  }

  /** A manager among others: with the log it had, or, where it has none, with theirs. */
  ManagerMember manager(Standing standing, Path folder) throws IOException, InterruptedException {
    return new ManagerMember(
        standing, (machine, states, others) -> again(standing, folder, machine, states, others));
  }

  private ManagersLog again(
      Standing standing, Path folder, StateMachine machine, StateRelay states, RemoteReports others)
      throws IOException, InterruptedException {
    if (AtomixLog.holds(folder)) {
      return open(standing, folder, machine, states, Map.of(), new AtomixLog.Start.Again());
    }
    AgentMessages.MembersAnswer known = others.members();
    return open(
        standing,
        folder,
        machine,
        states,
        known.addresses(),
        new AtomixLog.Start.Join(known.members()));
  }

  private ManagersLog open(
      Standing standing,
      Path folder,
      StateMachine machine,
      StateRelay states,
      Map<String, String> seeds,
      AtomixLog.Start start)
      throws IOException {
    Directory directory = new Directory(states, seeds);
    ManagerTransport made =
        new ManagerTransport(
            standing.identity().nodeId(),
            standing.credentials(),
            directory::addressOf,
            directory::admits);
    transport = made;
    try {
      AtomixLog log =
          AtomixLog.open(
              AtomixLog.Settings.of(folder, standing.store().dataKeys()), made, machine, start);
      directory.follow(log);
      log.onMembers(_ -> made.recheck());
      return new ManagersLog(log, made);
    } catch (IOException | RuntimeException e) {
      made.close();
      throw e;
    }
  }

  /** Where the managers are, and who is one. */
  private static final class Directory {
    private final StateRelay states;
    private final Map<String, String> seeds;
    private volatile @Nullable ReplicatedLog log;

    /** {@code seeds}: node ID to host:port, for the time before there is a state. */
    Directory(StateRelay states, Map<String, String> seeds) {
      this.states = states;
      this.seeds = seeds;
    }

    void follow(ReplicatedLog opened) {
      log = opened;
    }

    @Nullable String addressOf(String nodeId) {
      NodeRecord node = states.state().nodes().get(nodeId);
      return node == null ? seeds.get(nodeId) : node.controlAddress();
    }

    /**
     * What was so when this node heard of the others last is no reason to refuse anybody: one of
     * them may be the leader, that became a manager meanwhile. One that was demoted is heard until
     * it is out of the log: it may be the leader, that has to hand over.
     */
    boolean admits(String nodeId) {
      ReplicatedLog now = log;
      NodeRecord node = states.state().nodes().get(nodeId);
      return now == null
          || !states.live()
          || now.leader() == null
          || (node != null && (node.manager() || isMember(now, nodeId)));
    }

    private static boolean isMember(ReplicatedLog log, String nodeId) {
      return log.members().stream().anyMatch(member -> Transport.nodeOf(member).equals(nodeId));
    }
  }
}
