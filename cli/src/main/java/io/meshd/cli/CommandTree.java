package io.meshd.cli;

import io.meshd.cli.command.CliCommand;
import io.meshd.cli.container.ContainerExec;
import io.meshd.cli.container.ContainerList;
import io.meshd.cli.doctor.DoctorShow;
import io.meshd.cli.endpoint.EndpointAttach;
import io.meshd.cli.endpoint.EndpointDetach;
import io.meshd.cli.endpoint.EndpointList;
import io.meshd.cli.gossip.GossipKeys;
import io.meshd.cli.gossip.GossipMembers;
import io.meshd.cli.gossip.GossipShow;
import io.meshd.cli.network.NetworkConnect;
import io.meshd.cli.network.NetworkCreate;
import io.meshd.cli.network.NetworkDisconnect;
import io.meshd.cli.network.NetworkInspect;
import io.meshd.cli.network.NetworkList;
import io.meshd.cli.network.NetworkRemove;
import io.meshd.cli.node.NodeDemote;
import io.meshd.cli.node.NodeInspect;
import io.meshd.cli.node.NodeList;
import io.meshd.cli.node.NodePromote;
import io.meshd.cli.node.NodePs;
import io.meshd.cli.node.NodeRemove;
import io.meshd.cli.node.NodeUpdate;
import io.meshd.cli.plugin.PluginInstall;
import io.meshd.cli.plugin.PluginRemove;
import io.meshd.cli.service.ServiceCreate;
import io.meshd.cli.service.ServiceInspect;
import io.meshd.cli.service.ServiceList;
import io.meshd.cli.service.ServiceLogs;
import io.meshd.cli.service.ServicePs;
import io.meshd.cli.service.ServicePublish;
import io.meshd.cli.service.ServiceRemove;
import io.meshd.cli.service.ServiceRollback;
import io.meshd.cli.service.ServiceScale;
import io.meshd.cli.service.ServiceUnpublish;
import io.meshd.cli.service.ServiceUpdate;
import io.meshd.cli.swarm.SwarmBackup;
import io.meshd.cli.swarm.SwarmCa;
import io.meshd.cli.swarm.SwarmInit;
import io.meshd.cli.swarm.SwarmJoin;
import io.meshd.cli.swarm.SwarmJoinToken;
import io.meshd.cli.swarm.SwarmLeave;
import io.meshd.cli.swarm.SwarmRestore;
import io.meshd.cli.swarm.SwarmRotateKeys;
import io.meshd.cli.swarm.SwarmUnlock;
import io.meshd.cli.swarm.SwarmUnlockKey;
import io.meshd.cli.swarm.SwarmUpdate;
import io.meshd.cli.system.CountersShow;
import io.meshd.cli.system.InfoShow;
import io.meshd.cli.system.VersionShow;
import io.meshd.cli.trace.TraceShow;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Every command by its words. A switch and not a map of suppliers: one run loads one command's
 * class and no other.
 */
final class CommandTree {
  private CommandTree() {}

  /** A noun or a verb, as help lists it. */
  record Entry(String word, String description) {}

  static @Nullable CliCommand create(String path) {
    return switch (path) {
      case "swarm init" -> new SwarmInit();
      case "swarm backup" -> new SwarmBackup();
      case "swarm restore" -> new SwarmRestore();
      case "swarm join" -> new SwarmJoin();
      case "swarm ca" -> new SwarmCa();
      case "swarm join-token" -> new SwarmJoinToken();
      case "swarm leave" -> new SwarmLeave();
      case "swarm rotate-keys" -> new SwarmRotateKeys();
      case "swarm unlock" -> new SwarmUnlock();
      case "swarm unlock-key" -> new SwarmUnlockKey();
      case "swarm update" -> new SwarmUpdate();
      case "node ls" -> new NodeList();
      case "node inspect" -> new NodeInspect();
      case "node ps" -> new NodePs();
      case "node rm" -> new NodeRemove();
      case "node promote" -> new NodePromote();
      case "node demote" -> new NodeDemote();
      case "node update" -> new NodeUpdate();
      case "network create" -> new NetworkCreate();
      case "network ls" -> new NetworkList();
      case "network inspect" -> new NetworkInspect();
      case "network rm" -> new NetworkRemove();
      case "network connect" -> new NetworkConnect();
      case "network disconnect" -> new NetworkDisconnect();
      case "service create" -> new ServiceCreate();
      case "service inspect" -> new ServiceInspect();
      case "service logs" -> new ServiceLogs();
      case "service ls" -> new ServiceList();
      case "service ps" -> new ServicePs();
      case "service publish" -> new ServicePublish();
      case "service rm" -> new ServiceRemove();
      case "service rollback" -> new ServiceRollback();
      case "service scale" -> new ServiceScale();
      case "service unpublish" -> new ServiceUnpublish();
      case "service update" -> new ServiceUpdate();
      case "container ls", "ps" -> new ContainerList();
      case "container exec", "exec" -> new ContainerExec();
      case "endpoint attach" -> new EndpointAttach();
      case "endpoint detach" -> new EndpointDetach();
      case "endpoint ls" -> new EndpointList();
      case "gossip keys" -> new GossipKeys();
      case "gossip members" -> new GossipMembers();
      case "gossip status" -> new GossipShow();
      case "plugin install" -> new PluginInstall();
      case "plugin rm" -> new PluginRemove();
      case "counters" -> new CountersShow();
      case "doctor" -> new DoctorShow();
      case "trace" -> new TraceShow();
      case "info" -> new InfoShow();
      case "version" -> new VersionShow();
      default -> null;
    };
  }

  /** Docker's other words for the same verbs. */
  static String verb(String noun, String word) {
    return switch (word) {
      case "list" -> "ls";
      case "remove" -> "rm";
      case "ps" -> noun.equals("container") ? "ls" : word;
      default -> word;
    };
  }

  static final List<Entry> TOP =
      List.of(
          new Entry("exec", "Execute a command in a running task"),
          new Entry("ps", "List the tasks of this node"),
          new Entry("container", "Manage the tasks of this node"),
          new Entry("endpoint", "Manage endpoints that somebody else runs"),
          new Entry("gossip", "Show what the nodes tell each other"),
          new Entry("network", "Manage networks"),
          new Entry("node", "Manage Swarm nodes"),
          new Entry("plugin", "Carry the networks of a Docker Swarm"),
          new Entry("service", "Manage Swarm services"),
          new Entry("swarm", "Manage Swarm"),
          new Entry("counters", "Show the data plane's counters"),
          new Entry("doctor", "Examine the nodes and the ways between them"),
          new Entry("trace", "Show what becomes of a packet, node by node, and why"),
          new Entry("info", "Display system-wide information"),
          new Entry("version", "Show the meshd version information"));

  /** The verbs of a noun; empty when the word is no noun. */
  static List<Entry> verbs(String noun) {
    return switch (noun) {
      case "swarm" ->
          List.of(
              new Entry("backup", "Write what a manager needs to begin again into a file"),
              new Entry("ca", "Display and rotate the root CA"),
              new Entry("init", "Initialize a swarm"),
              new Entry("join", "Join a swarm as a node and/or manager"),
              new Entry("join-token", "Manage join tokens"),
              new Entry("leave", "Leave the swarm"),
              new Entry("restore", "Begin again with a swarm from a file"),
              new Entry("rotate-keys", "Replace the keys of gossip and of encrypted networks"),
              new Entry("unlock", "Unlock swarm"),
              new Entry("unlock-key", "Manage the unlock key"),
              new Entry("update", "Update the swarm"));
      case "node" ->
          List.of(
              new Entry("demote", "Demote one or more nodes from manager in the swarm"),
              new Entry("inspect", "Display detailed information on one or more nodes"),
              new Entry("ls", "List nodes in the swarm"),
              new Entry("promote", "Promote one or more nodes to manager in the swarm"),
              new Entry("ps", "List tasks running on one or more nodes, defaults to current node"),
              new Entry("rm", "Remove one or more nodes from the swarm"),
              new Entry("update", "Update a node"));
      case "network" ->
          List.of(
              new Entry("connect", "Connect a network namespace to a network"),
              new Entry("create", "Create a network"),
              new Entry("disconnect", "Disconnect an endpoint from a network"),
              new Entry("inspect", "Display detailed information on one or more networks"),
              new Entry("ls", "List networks"),
              new Entry("rm", "Remove one or more networks"));
      case "service" ->
          List.of(
              new Entry("create", "Create a new service"),
              new Entry("inspect", "Display detailed information on one or more services"),
              new Entry("logs", "Fetch the logs of a service or task"),
              new Entry("ls", "List services"),
              new Entry("ps", "List the tasks of one or more services"),
              new Entry("publish", "Publish a port of a service"),
              new Entry("rm", "Remove one or more services"),
              new Entry("rollback", "Revert changes to a service's configuration"),
              new Entry("scale", "Scale one or multiple replicated services"),
              new Entry("unpublish", "Take back a published port of a service"),
              new Entry("update", "Update a service"));
      case "container" ->
          List.of(
              new Entry("exec", "Execute a command in a running task"),
              new Entry("ls", "List the tasks of this node"));
      case "gossip" ->
          List.of(
              new Entry("keys", "List the digests of the keys that gossip is encrypted with"),
              new Entry("members", "List the members that this node knows by gossip"),
              new Entry("status", "Show how gossip does on this node"));
      case "plugin" ->
          List.of(
              new Entry("install", "Install the managed plugin in this node's Docker Engine"),
              new Entry("rm", "Remove the managed plugin from this node's Docker Engine"));
      case "endpoint" ->
          List.of(
              new Entry("attach", "Attach a network namespace to a network"),
              new Entry("detach", "Detach an endpoint"),
              new Entry("ls", "List attached endpoints"));
      default -> List.of();
    };
  }
}
