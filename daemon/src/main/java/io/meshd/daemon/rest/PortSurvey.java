package io.meshd.daemon.rest;

import com.fasterxml.jackson.core.type.TypeReference;
import io.meshd.api.Json;
import io.meshd.api.Paths;
import io.meshd.api.Services.PortConfig;
import io.meshd.api.Services.ServiceSpec;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.Routes.Doors;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.Outcome;
import io.meshd.daemon.state.ServiceSpecs;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks every node, before a port is published on all of them, whether some other process serves it
 * there: it is refused now, by name, instead of failing later in a log. A node that does not answer
 * in time has no say; what it has then shows when it binds.
 */
public final class PortSurvey {
  private static final Logger LOG = LoggerFactory.getLogger(PortSurvey.class);
  private static final String LOCAL_PORTS = Paths.MESH + "/local/ports";
  private static final long LIMIT_MILLIS = 1000;
  private static final Executor THREADS =
      task -> Thread.ofVirtual().name("port-survey").start(task);

  /** Who serves a port on this node, in words, if it is not meshd. */
  @FunctionalInterface
  public interface Holders {
    Optional<String> of(String protocol, @Nullable String address, int port);
  }

  private final ClusterAccess cluster;
  private final NodeReader nodes;
  private final Holders holders;

  PortSurvey(ClusterAccess cluster, NodeReader nodes, Holders holders) {
    this.cluster = cluster;
    this.nodes = nodes;
    this.holders = holders;
  }

  void addTo(Routes routes) {
    routes.add(
        Doors.MANAGERS,
        "GET",
        LOCAL_PORTS,
        exchange -> exchange.respond(200, held(wanted(exchange))));
  }

  /** A port as the nodes are asked for it: {@code tcp/8080} or {@code tcp/8080/10.99.0.1}. */
  private record Wanted(String protocol, int port, @Nullable String address) {
    static Wanted of(PortConfig port) {
      return new Wanted(
          ServiceSpecs.protocol(port), ServiceSpecs.publishedPort(port), port.hostIp());
    }

    static Wanted parse(String text) {
      String[] part = text.split("/", 3);
      return new Wanted(part[0], Integer.parseInt(part[1]), part.length == 3 ? part[2] : null);
    }

    String name() {
      return port + "/" + protocol;
    }

    @Override
    public String toString() {
      return protocol + "/" + port + (address == null ? "" : "/" + address);
    }
  }

  private static List<Wanted> wanted(Exchange exchange) {
    String text = exchange.query("ports");
    List<Wanted> wanted = new ArrayList<>();
    for (String one : text == null || text.isEmpty() ? new String[0] : text.split(",", -1)) {
      wanted.add(Wanted.parse(one));
    }
    return wanted;
  }

  /** Name of the port to its holder. */
  private Map<String, String> held(List<Wanted> wanted) {
    Map<String, String> held = new TreeMap<>();
    for (Wanted port : wanted) {
      holders
          .of(port.protocol(), port.address(), port.port())
          .ifPresent(holder -> held.put(port.name(), holder));
    }
    return held;
  }

  /**
   * @param published the ports that the service has already
   * @throws io.meshd.daemon.http.ApiException naming port, node and process
   */
  void refuseTaken(ServiceSpec spec, List<PortConfig> published, ClusterState state) {
    List<Wanted> had = published.stream().map(Wanted::of).toList();
    List<Wanted> wanted =
        ServiceSpecs.ports(spec).stream()
            .filter(port -> ServiceSpecs.ingress(port) && valid(port))
            .map(Wanted::of)
            .filter(port -> !had.contains(port))
            .toList();
    if (wanted.isEmpty()) {
      return;
    }
    Map<NodeRecord, CompletableFuture<Map<String, String>>> answers =
        new TreeMap<>(Comparator.comparing(NodeRecord::hostname).thenComparing(NodeRecord::id));
    for (NodeRecord node : state.nodes().values()) {
      if (node.status() == NodeRecord.NodeState.READY) {
        answers.put(
            node,
            CompletableFuture.supplyAsync(() -> ask(node, wanted), THREADS)
                .completeOnTimeout(Map.of(), LIMIT_MILLIS, TimeUnit.MILLISECONDS));
      }
    }
    answers.forEach(
        (node, answer) ->
            answer
                .join()
                .forEach(
                    (port, holder) -> {
                      throw ClusterAccess.error(
                          new Outcome.Refused(
                              Outcome.Reason.FAILED_PRECONDITION,
                              "port %s on node %s is already in use by %s"
                                  .formatted(port, node.hostname(), holder)),
                          true);
                    }));
  }

  /** What is not, the state machine refuses in its words. */
  private static boolean valid(PortConfig port) {
    int number = ServiceSpecs.publishedPort(port);
    String protocol = ServiceSpecs.protocol(port);
    String address = port.hostIp();
    return number > 0
        && number <= 0xffff
        && (protocol.equals("tcp") || protocol.equals("udp"))
        && (address == null || address.matches("\\d{1,3}(\\.\\d{1,3}){3}"));
  }

  private Map<String, String> ask(NodeRecord node, List<Wanted> wanted) {
    if (node.id().equals(cluster.control().membership().nodeId())) {
      return held(wanted);
    }
    String ports = String.join(",", wanted.stream().map(Wanted::toString).toList());
    try (InputStream in = nodes.get(node, LOCAL_PORTS + "?ports=" + ports)) {
      return Json.MAPPER.readValue(in, new TypeReference<Map<String, String>>() {});
    } catch (IOException e) {
      LOG.info("node {} does not say whether ports are free: {}", node.hostname(), e.getMessage());
      return Map.of();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Map.of();
    }
  }
}
