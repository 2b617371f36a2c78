package io.meshd.daemon.audit;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.api.Paths;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.EndpointRecord;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.ServiceRecord;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.pcollections.PMap;

/**
 * What was asked for.
 *
 * @param verb create, update, remove, join and the like
 * @param kind of object: network, service, node, swarm, join-token, unlock-key, endpoint
 * @param name empty where it has none, or none that is known
 * @param id empty while it is not known
 */
public record Change(String verb, String kind, String name, String id) {

  /** {@code before}: the state in which the names are looked up. */
  static Change of(Command command, ClusterState before) {
    return switch (command) {
      case Command.InitCluster c -> new Change("init", "swarm", "", c.clusterId());
      case Command.TakeOver _ -> new Change("init", "swarm", "", clusterId(before));
      case Command.RestoreState _ -> new Change("restore", "swarm", "", "");
      case Command.UpdateCluster _ -> new Change("update", "swarm", "", clusterId(before));
      case Command.RequestKeyRotation _ -> new Change("rotate", "keys", "", clusterId(before));
      case Command.AdvanceKeyRotation _ -> new Change("advance", "keys", "", clusterId(before));
      case Command.RotateAuthority _ -> new Change("rotate", "ca", "", clusterId(before));
      case Command.FinishAuthority _ -> new Change("finish", "ca", "", clusterId(before));
      case Command.DescribeNode c -> node("report", before, c.nodeId());
      case Command.SetUnlockKey c ->
          new Change(c.key() == null ? "remove" : "rotate", "unlock-key", "", clusterId(before));
      case Command.RotateToken c -> new Change("rotate", "join-token", c.role(), clusterId(before));
      case Command.UpsertNode c ->
          new Change("join", "node", c.description().hostname(), c.nodeId());
      case Command.SetNodeStatus c -> node("report", before, c.nodeId());
      case Command.UpdateNodeSpec c -> node("update", before, c.nodeId());
      case Command.RemoveNode c -> node("remove", before, c.nodeId());
      case Command.CreateNetwork c -> new Change("create", "network", c.request().name(), c.id());
      case Command.RemoveNetwork c ->
          named("remove", "network", before.networks(), NetworkRecord::name, c.network());
      case Command.AdoptNetwork c -> new Change("adopt", "network", c.name(), c.id());
      case Command.FollowServices c ->
          named("update", "network", before.networks(), NetworkRecord::name, c.network());
      case Command.CreateService c -> new Change("create", "service", c.spec().name(), c.id());
      case Command.UpdateService c ->
          service(c.rollback() == null ? "update" : "rollback", before, c.service());
      case Command.SetUpdateStatus c -> service("report", before, c.serviceId());
      case Command.RemoveService c -> service("remove", before, c.service());
      case Command.CreateTasks c -> service("create-tasks", before, c.serviceId());
      case Command.AssignTasks _ -> new Change("assign", "tasks", "", "");
      case Command.SetDesiredState _ -> new Change("update", "tasks", "", "");
      case Command.ReportTasks _ -> new Change("report", "tasks", "", "");
      case Command.RemoveTasks _ -> new Change("remove", "tasks", "", "");
      case Command.AttachEndpoint c ->
          new Change("attach", "endpoint", c.name() == null ? "" : c.name(), c.id());
      case Command.AttachContainer c -> new Change("attach", "endpoint", "", c.id());
      case Command.NameContainers _ -> new Change("name", "endpoints", "", "");
      case Command.DetachEndpoint c ->
          named("detach", "endpoint", before.endpoints(), EndpointRecord::name, c.endpoint());
    };
  }

  private static String clusterId(ClusterState state) {
    return state.cluster() == null ? "" : state.cluster().id();
  }

  private static Change node(String verb, ClusterState state, String reference) {
    return named(verb, "node", state.nodes(), NodeRecord::hostname, reference);
  }

  private static Change service(String verb, ClusterState state, String reference) {
    return named(verb, "service", state.services(), ServiceRecord::name, reference);
  }

  private static <V> Change named(
      String verb, String kind, PMap<String, V> all, Function<V, String> name, String reference) {
    @Nullable V found = all.get(reference);
    return found == null
        ? new Change(verb, kind, reference, "")
        : new Change(verb, kind, name.apply(found), reference);
  }

  /**
   * Of a request that was refused before it became a command: by its path, {@code
   * /services/web/update}, and the name that its body gives to something new.
   */
  public static Change of(Exchange exchange) {
    String path = exchange.path();
    List<String> parts =
        List.of(
            (path.startsWith(Paths.MESH) ? path.substring(Paths.MESH.length()) : path)
                .substring(1)
                .split("/", -1));
    String first = parts.getFirst();
    String kind = first.endsWith("s") ? first.substring(0, first.length() - 1) : first;
    String last = parts.getLast();
    boolean removed = exchange.method().equals("DELETE");
    if (removed) {
      return new Change(kind.equals("endpoint") ? "detach" : "remove", kind, decoded(last), "");
    }
    if (parts.size() == 1) {
      return new Change(kind.equals("endpoint") ? "attach" : "update", kind, said(exchange), "");
    }
    return parts.size() == 2
        ? new Change(last, kind, said(exchange), "")
        : new Change(last, kind, decoded(parts.get(1)), "");
  }

  private static String decoded(String part) {
    try {
      return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException _) {
      return part;
    }
  }

  private static String said(Exchange exchange) {
    try {
      JsonNode body = Json.MAPPER.readTree(exchange.body());
      return body == null ? "" : body.path("Name").asText("");
    } catch (IOException _) {
      return "";
    }
  }
}
