package io.meshd.daemon.rest;

import static io.meshd.daemon.state.TestCluster.createService;
import static io.meshd.daemon.state.TestCluster.hostPort;
import static io.meshd.daemon.state.TestCluster.port;
import static io.meshd.daemon.state.TestCluster.spec;
import static io.meshd.daemon.state.TestCluster.with;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.api.Nodes;
import io.meshd.daemon.http.ApiServer;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.TaskState;
import io.meshd.daemon.state.TestCluster;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a load balancer hears from a node: n1 of three. */
class HealthRoutesTest {
  private final TestCluster cluster = TestCluster.of(3);
  private final ApiServer server = new ApiServer(RestApi.serverSettings(HostFacts.read("0.1.0")));
  private final HttpClient client = HttpClient.newHttpClient();
  private int port;
  private boolean started = true;
  private Map<String, List<String>> unanswered = Map.of();

  @BeforeEach
  void open() throws IOException {
    new HealthRoutes(this::served).addTo(server.routes());
    port = server.openPlain(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0)).getPort();
    cluster.done(createService("web", with(spec("web", 2), null, port(8080, 80))));
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    server.close();
  }

  private HealthRoutes.@Nullable Served served() {
    return started ? new HealthRoutes.Served(cluster.state(), "n1", unanswered) : null;
  }

  @Test
  void aNodeServesAnIngressPortWhileThereIsATaskAnywhere() throws Exception {
    assertEquals(
        "503 {\"service\":\"web\",\"localTasks\":0,\"readyTasks\":0}", get("/healthz/web"));
    cluster.tasks("web", "n2", "t1");
    assertEquals(503, status("/healthz/web"));
    cluster.report(TaskState.RUNNING, "t1");
    assertEquals(
        "200 {\"service\":\"web\",\"localTasks\":0,\"readyTasks\":1}", get("/healthz/web"));
    assertEquals(503, status("/healthz/web?local=1"));
    cluster.tasks("web", "n1", "t2");
    cluster.report(TaskState.RUNNING, "t2");
    assertEquals(200, status("/healthz/web?local=1"));
    assertEquals(404, status("/healthz/other"));
  }

  @Test
  void aPortInHostModeNeedsATaskOfTheNodeItself() throws Exception {
    cluster.done(createService("dns", with(spec("dns", 2), null, hostPort(53, 53))));
    cluster.tasks("dns", "n2", "t1");
    cluster.report(TaskState.RUNNING, "t1");
    assertEquals(503, status("/healthz/dns"));
    cluster.tasks("dns", "n1", "t2");
    cluster.report(TaskState.RUNNING, "t2");
    assertEquals(200, status("/healthz/dns"));
  }

  @Test
  void aDrainedNodeIsNotToBeAsked() throws Exception {
    cluster.tasks("web", "n2", "t1");
    cluster.report(TaskState.RUNNING, "t1");
    assertEquals("200 {\"ready\":true,\"unanswered\":{}}", get("/healthz"));
    availability("pause");
    assertEquals(200, status("/healthz/web"));
    availability("drain");
    assertEquals(503, status("/healthz/web"));
    assertEquals(503, status("/healthz"));
  }

  @Test
  void aPortThatTheNodeCannotBindIsSaid() throws Exception {
    cluster.tasks("web", "n2", "t1");
    cluster.report(TaskState.RUNNING, "t1");
    unanswered = Map.of("web", List.of("port 8080/tcp is already in use by nginx (PID 812)"));
    assertEquals(503, status("/healthz/web"));
    assertEquals(
        "200 {\"ready\":true,\"unanswered\":{\"web\":[\"port 8080/tcp is already in use by nginx (PID"
            + " 812)\"]}}",
        get("/healthz"));
  }

  @Test
  void beforeItsFirstPassANodeServesNothing() throws Exception {
    started = false;
    assertEquals(503, status("/healthz"));
    assertEquals(503, status("/healthz/web"));
  }

  private void availability(String availability) {
    NodeRecord node = cluster.state().nodes().get("n1");
    if (node == null) {
      throw new AssertionError("no node n1");
    }
    Nodes.NodeSpec old = node.spec();
    cluster.done(
        new Command.UpdateNodeSpec(
            TestCluster.AT,
            "n1",
            node.version(),
            new Nodes.NodeSpec(old.name(), old.labels(), old.role(), availability)));
  }

  private int status(String path) throws Exception {
    return Integer.parseInt(get(path).substring(0, 3));
  }

  private String get(String path) throws Exception {
    HttpResponse<String> answer =
        client.send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
            HttpResponse.BodyHandlers.ofString());
    return answer.statusCode() + " " + answer.body().strip();
  }
}
