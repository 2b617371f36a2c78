package io.meshd.daemon.rest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.http.ApiServer;
import io.meshd.daemon.http.UnixHttp;
import io.meshd.daemon.security.ClusterCa;
import io.meshd.daemon.state.Authority;
import io.meshd.daemon.state.TestCluster;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The API of a leader of three nodes, served on a socket. */
@Timeout(60)
abstract class ApiOnSocket {
  static final String SERVICE =
      """
      {"Name":"web","Labels":{},"TaskTemplate":{"ContainerSpec":{"Command":["serve"]},
      "Networks":[{"Target":"ov1"}],"ForceUpdate":0,"Runtime":"process"},
      "Mode":{"Replicated":{"Replicas":2}},"EndpointSpec":{"Mode":"vip","Ports":[
      {"Protocol":"tcp","TargetPort":80,"PublishedPort":8080,"PublishMode":"ingress"}]}}
      """;
  @TempDir Path folder;
  final TestCluster machine = TestCluster.of(3, authority());
  Path socket = Path.of("unset");
  ApiServer server = new ApiServer(RestApi.serverSettings(HostFacts.read("0.1.0")));

  static Authority authority() {
    ClusterCa ca = ClusterCa.create();
    return new Authority(ca.rootPem(), ca.keyPem(), null);
  }

  @BeforeEach
  void open() throws IOException {
    socket = folder.resolve("s");
    serve(TestSwarm.leader(machine));
  }

  void serve(TestSwarm swarm) throws IOException {
    server.close();
    server = new ApiServer(RestApi.serverSettings(HostFacts.read("0.1.0")));
    new RestApi(
            swarm,
            exchange -> exchange.respond(200, Map.of("forwarded", exchange.path())),
            () -> null,
            () -> null,
            (node, path) -> {
              throw new IOException("no node here");
            },
            (protocol, address, port) ->
                port == 8099 ? Optional.of("nginx (PID 812)") : Optional.empty(),
            () -> new HostNetworks("172.17.0.0/16", "172.17.0.1", "172.18.0.0/16", "172.18.0.1"),
            () -> Map.of("frames-forwarded", 7L),
            () -> null,
            () -> null,
            () -> null,
            HostFacts.read("0.1.0"),
            new Engine(folder.resolve("engine"), socket),
            new ClusterEvents(Clock.systemUTC()),
            Clock.systemUTC())
        .addTo(server.routes());
    server.openUnix(socket);
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  UnixHttp.Answer call(String method, String target, String body) throws IOException {
    return UnixHttp.call(socket, method, target, body);
  }

  JsonNode get(String target) throws IOException {
    UnixHttp.Answer answer = call("GET", target, "");
    assertEquals(200, answer.status(), answer.text());
    return answer.json();
  }

  void refused(int status, String message, String method, String target, String body)
      throws IOException {
    UnixHttp.Answer answer = call(method, target, body);
    assertEquals(message, answer.message());
    assertEquals(status, answer.status());
  }

  static String filters(String json) {
    return "filters=" + URLEncoder.encode(json, StandardCharsets.UTF_8);
  }

  static List<String> values(JsonNode list, String field) {
    return StreamSupport.stream(list.spliterator(), false)
        .map(n -> n.path(field).asText())
        .toList();
  }

  String createNetwork() throws IOException {
    UnixHttp.Answer made =
        call("POST", "/v1.47/networks/create", "{\"Name\":\"ov1\",\"Driver\":\"overlay\"}");
    assertEquals(201, made.status(), made.text());
    return made.json().path("Id").asText();
  }

  String createService() throws IOException {
    createNetwork();
    UnixHttp.Answer made = call("POST", "/v1.47/services/create", SERVICE);
    assertEquals(201, made.status(), made.text());
    return made.json().path("ID").asText();
  }
}
