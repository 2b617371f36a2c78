package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What {@code meshctl trace} says, beside what real packets do. */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TraceTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Cluster cluster = Cluster.shared(TraceTest.class);
  private final Services services = new Services(cluster);
  private Task asker;

  @BeforeAll
  void services() {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "traced"));
    cluster.meshctl(
        List.of("network", "create", "--driver", "overlay", "--opt", "encrypted", "other"));
    services.start(
        "web",
        List.of(
            "--network",
            "traced",
            "--network",
            "other",
            "--constraint",
            "node.hostname!=n1",
            "--replicas",
            "2",
            "-p",
            "8080:80"),
        Cluster.pageServer(),
        "80");
    services.start(
        "kept",
        List.of("--network", "traced", "-p", "published=8090,target=80,client-address=preserve"),
        Cluster.pageServer(),
        "80");
    services.start("empty", List.of("--network", "traced", "--replicas", "0"), "sleep", "1000");
    services.start(
        "asker",
        List.of("--network", "traced", "--constraint", "node.hostname==n1"),
        "sleep",
        "1000");
    services.converged("web", "kept", "asker");
    asker = services.running("asker").getFirst();
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void aTasksPacketIsFollowedToOneOfTheBackends() throws IOException {
    JsonNode trace = arrives("asker.1", "web:80");
    assertEquals(
        List.of("name", "neighbour", "virtual-ip", "switch", "vxlan", "deliver", "answer"),
        steps(trace));
    JsonNode backends = trace.path("Hops").path(2).path("Backends");
    assertEquals(2, backends.size());
    long chosen = 0;
    for (JsonNode backend : backends) {
      chosen += backend.path("Chosen").asBoolean() ? 1 : 0;
      assertTrue(backend.path("Name").asText().startsWith("web."), backend.toString());
    }
    assertEquals(1, chosen);
    String text = cluster.meshctl("n1", "trace", asker.id(), "web:80").orFail();
    assertTrue(text.endsWith("\n\narrives"), text);
    arrives("asker.1", "web");
    arrives("asker.1", "web:80/udp");
  }

  @Test
  void anEncryptedNetworkIsSealedAndOpenedOnTheWay() throws IOException {
    List<Task> tasks = services.running("web");
    String other =
        cluster
            .meshctl(
                tasks.get(1).node(), "exec", tasks.get(1).id(), "ip", "-4", "-o", "addr", "show")
            .orFail()
            .lines()
            .map(line -> line.replaceFirst("^.* inet ([0-9.]+)/.*$", "$1"))
            .filter(address -> address.startsWith("10.0."))
            .toList()
            .getLast();
    JsonNode trace = arrives(tasks.get(0).id(), other + ":80");
    assertTrue(text(trace, "vxlan").contains(", sealed with AES-256-GCM"), trace.toString());
  }

  @Test
  void aClientIsFollowedThroughThePublishedPort() throws IOException {
    assertEquals(
        List.of("listener", "backend", "neighbour", "switch", "vxlan", "deliver", "answer"),
        steps(arrives("client", "n1:8080")));
    JsonNode kept = arrives("198.51.100.7", "n2:8090");
    assertTrue(text(kept, "backend").endsWith("the task sees the client's address"));
    JsonNode own = arrives("10.99.0.2", "n2:8090");
    assertTrue(text(own, "backend").endsWith("fallback.node_client)"), own.toString());
    assertEquals("way-out", steps(arrives("asker.1", "10.99.0.2:8080")).getFirst());
  }

  @Test
  void whereItEndsIsSaidInTheWordsOfTheCounters() throws IOException {
    assertEquals("dns.answers.nxdomain", ends("asker.1", "nobody:80"));
    assertEquals("virtual.rsts", ends("asker.1", "empty:80"));
    assertEquals("virtual.unreachables", ends("asker.1", "empty:80/udp"));
    assertEquals("dropped.unknown_arp_target", ends("asker.1", "10.0.1.250:80", "traced"));
    assertEquals("port_not_published", ends("client", "n1:8081"));
    String apart =
        cluster.meshctl(
            List.of(
                "service",
                "inspect",
                "--format",
                "{{range .Endpoint.VirtualIPs}}{{.Addr}} {{end}}",
                "web"));
    assertEquals(
        "not_attached",
        ends("asker.1", apart.strip().replaceFirst("^.* ([0-9.]+)/.*$", "$1") + ":80"));
    services.scale("web", 0);
    assertEquals("ingress.failed.no_backend", ends("client", "n1:8080"));
    services.scale("web", 2);
  }

  @Test
  void aTraceLeavesNoTrace() throws IOException {
    String before = flows();
    for (int i = 0; i < 5; i++) {
      arrives("asker.1", "web:80");
      arrives("client", "n1:8080");
    }
    assertEquals(before, flows());
  }

  /** What would have grown on the node where the choice is made. */
  private String flows() {
    return cluster.sh(
        "n1",
        "meshctl counters --format '{{.Name}} {{.Value}}' | grep -E '^(flows.opened|ingress.accepted|ingress.connected|dropped.spoofed|virtual.rsts)'");
  }

  private JsonNode arrives(String from, String to) throws IOException {
    List<JsonNode> last = new ArrayList<>();
    // A port is taken a moment after its task runs.
    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () -> {
              CommandResult result = cluster.meshctl("n1", "trace", "--format", "json", from, to);
              assertTrue(result.ok(), result.out() + result.err());
              last.add(JSON.readTree(result.out()));
            });
    JsonNode trace = last.getLast();
    assertEquals("arrives", trace.path("Outcome").asText(), trace.toString());
    return trace;
  }

  private String ends(String from, String... to) throws IOException {
    String target = to[0];
    if (to.length > 1) {
      String subnet =
          cluster.meshctl(
              List.of(
                  "network", "inspect", "--format", "{{(index .IPAM.Config 0).Subnet}}", to[1]));
      target = subnet.replaceFirst("[0-9]+/.*", "250") + target.substring(target.indexOf(':'));
    }
    CommandResult result = cluster.meshctl("n1", "trace", "--format", "json", from, target);
    assertEquals(1, result.exitCode(), result.out() + result.err());
    return JSON.readTree(result.out()).path("Reason").asText();
  }

  private static List<String> steps(JsonNode trace) {
    List<String> steps = new ArrayList<>();
    trace.path("Hops").forEach(hop -> steps.add(hop.path("Step").asText()));
    return steps;
  }

  private static String text(JsonNode trace, String step) {
    for (JsonNode hop : trace.path("Hops")) {
      if (hop.path("Step").asText().equals(step)) {
        return hop.path("Text").asText();
      }
    }
    throw new AssertionError("no step " + step + " in " + trace);
  }
}
