package io.meshd.daemon.rest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.daemon.http.UnixHttp;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.TaskState;
import io.meshd.daemon.state.TestCluster;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RestApiTest extends ApiOnSocket {
  @Test
  void pingsAndTellsVersionAndInfo() throws IOException {
    UnixHttp.Answer ping = call("HEAD", "/_ping", "");
    assertEquals("active/manager", ping.headers().get("swarm"));
    assertEquals("1.47", ping.headers().get("api-version"));
    assertEquals("OK", call("GET", "/_ping", "").text());
    assertEquals("1.47", get("/version").path("ApiVersion").asText());
    JsonNode swarm = get("/v1.47/info").path("Swarm");
    assertEquals("n1", swarm.path("NodeID").asText());
    assertEquals("active", swarm.path("LocalNodeState").asText());
    assertEquals(3, swarm.path("Nodes").asInt());
    assertEquals(1, swarm.path("Managers").asInt());
    assertEquals(7, get("/mesh/v1/counters").path("Counters").path("frames-forwarded").asInt());
  }

  @Test
  void aPortThatAnotherProcessServesIsRefusedByName() throws IOException {
    String published = SERVICE.replace("8080", "8099");
    createNetwork();
    refused(
        400,
        "rpc error: code = FailedPrecondition desc = port 8099/tcp on node host1 is already in use by"
            + " nginx (PID 812)",
        "POST",
        "/services/create",
        published);
    assertEquals(0, get("/services").size());
  }

  @Test
  void makesShowsAndRemovesNetworks() throws IOException {
    String id = createNetwork();
    assertEquals(25, id.length());
    assertEquals(
        java.util.Set.of("ingress", "ov1", "bridge", "docker_gwbridge", "host", "none"),
        java.util.Set.copyOf(values(get("/networks"), "Name")));
    JsonNode network = get("/networks/ov1?scope=swarm");
    assertEquals("overlay", network.path("Driver").asText());
    assertEquals("swarm", network.path("Scope").asText());
    assertEquals(
        "10.0.1.0/24", network.path("IPAM").path("Config").path(0).path("Subnet").asText());
    assertEquals(
        "4097",
        network.path("Options").path("com.docker.network.driver.overlay.vxlanid_list").asText());
    assertEquals(
        "172.18.0.0/16",
        get("/networks/docker_gwbridge")
            .path("IPAM")
            .path("Config")
            .path(0)
            .path("Subnet")
            .asText());
    assertEquals(
        List.of("ov1"), values(get("/networks?" + filters("{\"name\":{\"ov\":true}}")), "Name"));
    assertEquals(
        List.of("ov1"), values(get("/networks?" + filters("{\"dangling\":[\"true\"]}")), "Name"));
    assertEquals(4, get("/networks?" + filters("{\"scope\":[\"local\"]}")).size());
    refused(
        409,
        "network with name ov1 already exists",
        "POST",
        "/networks/create",
        "{\"Name\":\"ov1\",\"Driver\":\"overlay\"}");
    refused(
        409,
        "network with name bridge already exists",
        "POST",
        "/networks/create",
        "{\"Name\":\"bridge\",\"Driver\":\"overlay\"}");
    refused(404, "network nope not found", "GET", "/networks/nope", "");
    refused(404, "network nope not found", "DELETE", "/networks/nope", "");
    refused(
        403,
        "bridge is a pre-defined network and cannot be removed",
        "DELETE",
        "/networks/bridge",
        "");
    refused(400, "invalid JSON: Name: is required", "POST", "/networks/create", "{}");
    refused(
        400,
        "invalid filter 'colour'",
        "GET",
        "/networks?" + filters("{\"colour\":[\"red\"]}"),
        "");
    assertEquals(204, call("DELETE", "/networks/" + id.substring(0, 8), "").status());
  }

  @Test
  void makesUpdatesAndRemovesServices() throws IOException {
    String id = createService();
    JsonNode service = get("/services/web?insertDefaults=true");
    assertEquals(id, service.path("ID").asText());
    assertEquals(
        "any",
        service.path("Spec").path("TaskTemplate").path("RestartPolicy").path("Condition").asText());
    assertEquals(
        8080, service.path("Endpoint").path("Ports").path(0).path("PublishedPort").asInt());
    assertTrue(
        values(service.path("Endpoint").path("VirtualIPs"), "Addr").stream()
            .anyMatch(address -> address.matches("10\\.0\\.1\\.[0-9]+/24")),
        service.toString());
    long version = service.path("Version").path("Index").asLong();
    JsonNode listed = get("/services?status=true").path(0);
    assertEquals(2, listed.path("ServiceStatus").path("DesiredTasks").asInt());
    refused(
        409,
        "rpc error: code = AlreadyExists desc = name conflicts with an existing object: service web already exists",
        "POST",
        "/services/create",
        SERVICE);
    refused(
        500,
        "rpc error: code = Unknown desc = update out of sequence",
        "POST",
        "/services/web/update?version=1",
        SERVICE);
    refused(400, "invalid service version ''", "POST", "/services/web/update", SERVICE);
    refused(404, "service nope not found", "GET", "/services/nope", "");
    refused(
        400,
        "invalid JSON: EndpointSpec.Ports[0].TargetPort: must be a whole number",
        "POST",
        "/services/create",
        SERVICE.replace("\"TargetPort\":80", "\"TargetPort\":\"80\""));
    refused(
        400,
        "rpc error: code = InvalidArgument desc = EndpointSpec: port published with ingress mode can't be used with dnsrr mode",
        "POST",
        "/services/create",
        SERVICE.replace("\"vip\"", "\"dnsrr\"").replace("web", "two"));
    UnixHttp.Answer updated =
        call(
            "POST",
            "/services/web/update?version=" + version,
            SERVICE.replace("\"Replicas\":2", "\"Replicas\":3"));
    assertEquals("{\"Warnings\":null}\n", updated.text());
    assertEquals(
        3,
        get("/services/web").path("Spec").path("Mode").path("Replicated").path("Replicas").asInt());
    assertTrue(get("/services?" + filters("{\"mode\":[\"global\"]}")).isEmpty());
    assertEquals(200, call("DELETE", "/services/web", "").status());
    refused(404, "service web not found", "DELETE", "/services/web", "");
  }

  @Test
  void namesAServiceThatHasNoName() throws IOException {
    createNetwork();
    UnixHttp.Answer made =
        call("POST", "/services/create", SERVICE.replace("\"Name\":\"web\",", ""));
    assertEquals(201, made.status(), made.text());
    assertTrue(
        get("/services").path(0).path("Spec").path("Name").asText().matches("[a-z]+_[a-z]+"));
  }

  @Test
  void showsTasksInDockersShape() throws IOException {
    String id = createService();
    machine.done(
        new Command.CreateTasks(
            TestCluster.AT,
            id,
            List.of(
                new Command.NewTask("task1", 1, "n1", TaskState.RUNNING, null),
                new Command.NewTask("task2", 2, "n2", TaskState.RUNNING, null))));
    machine.report(TaskState.RUNNING, "task1", "task2");
    JsonNode tasks =
        get("/tasks?" + filters("{\"service\":{\"web\":true},\"_up-to-date\":{\"true\":true}}"));
    assertEquals(2, tasks.size());
    JsonNode task = tasks.path(0);
    assertEquals("running", task.path("Status").path("State").asText());
    String address = task.path("NetworksAttachments").path(0).path("Addresses").path(0).asText();
    assertTrue(address.matches("10\\.0\\.1\\.[0-9]+/24"), address);
    assertEquals("serve", task.path("Spec").path("ContainerSpec").path("Command").path(0).asText());
    assertEquals(1, get("/tasks?" + filters("{\"node\":[\"self\"]}")).size());
    assertEquals("task2", get("/tasks/task2").path("ID").asText());
    refused(
        404, "service nope not found", "GET", "/tasks?" + filters("{\"service\":[\"nope\"]}"), "");
    refused(400, "task task is ambiguous (2 matches found)", "GET", "/tasks/task", "");
    JsonNode network = get("/networks/ov1");
    assertEquals(address, network.path("Containers").path("task1").path("IPv4Address").asText());
    assertTrue(network.path("Containers").path("task2").isMissingNode());
    assertEquals(
        2, get("/services?status=true").path(0).path("ServiceStatus").path("RunningTasks").asInt());
    refused(
        409,
        "task web.2 runs on node host2: run it there",
        "POST",
        "/containers/web.2/exec",
        "{\"Cmd\":[\"sh\"]}");
    refused(404, "No such container: nope", "POST", "/containers/nope/exec", "{\"Cmd\":[\"sh\"]}");
    refused(404, "No such exec instance: nope", "GET", "/exec/nope/json", "");
    refused(
        400,
        "Bad parameters: you must choose at least one stream",
        "GET",
        "/services/web/logs",
        "");
  }

  @Test
  void showsAndChangesNodes() throws IOException {
    assertEquals(3, get("/nodes").size());
    JsonNode manager = get("/nodes/host1");
    assertTrue(manager.path("ManagerStatus").path("Leader").asBoolean());
    assertEquals("ready", manager.path("Status").path("State").asText());
    assertEquals(2, get("/nodes?" + filters("{\"role\":[\"worker\"]}")).size());
    JsonNode node = get("/nodes/host2");
    String update = "/nodes/n2/update?version=" + node.path("Version").path("Index").asLong();
    assertEquals(
        200,
        call(
                "POST",
                update,
                "{\"Role\":\"worker\",\"Availability\":\"drain\",\"Labels\":{\"k\":\"v\"}}")
            .status());
    assertEquals("drain", get("/nodes/n2").path("Spec").path("Availability").asText());
    assertEquals(1, get("/nodes?" + filters("{\"node.label\":[\"k=v\"]}")).size());
    refused(404, "node nope not found", "GET", "/nodes/nope", "");
    refused(400, "invalid JSON: Role: is required", "POST", update, "{}");
  }

  @Test
  void rotatesJoinTokens() throws IOException {
    JsonNode swarm = get("/swarm");
    long version = swarm.path("Version").path("Index").asLong();
    assertEquals("WT", swarm.path("JoinTokens").path("Worker").asText());
    assertEquals(
        200,
        call("POST", "/swarm/update?version=" + version + "&rotateWorkerToken=true", "{}")
            .status());
    assertEquals(25, get("/swarm").path("JoinTokens").path("Worker").asText().length());
    assertEquals("MT", get("/swarm").path("JoinTokens").path("Manager").asText());
    refused(
        500,
        "rpc error: code = Unknown desc = update out of sequence",
        "POST",
        "/swarm/update?version=" + version + "&rotateWorkerToken=true",
        "{}");
  }

  @Test
  void refusesClusterCallsOutsideACluster() throws IOException {
    serve(TestSwarm.inactive());
    for (String path : List.of("/services", "/nodes", "/tasks", "/swarm", "/mesh/v1/endpoints")) {
      refused(503, ClusterAccess.NO_SWARM, "GET", path, "");
    }
    assertEquals(4, get("/networks").size());
    assertEquals("inactive", call("GET", "/_ping", "").headers().get("swarm"));
    refused(503, "This node is not part of a swarm", "POST", "/swarm/leave", "");
    assertEquals("\"newnode\"\n", call("POST", "/swarm/init", "{}").text());
    refused(
        400,
        "invalid JSON: JoinToken: is required",
        "POST",
        "/swarm/join",
        "{\"RemoteAddrs\":[\"a\"]}");
  }

  @Test
  void forwardsAWorkersCallsToTheLeader() throws IOException {
    createNetwork();
    TestSwarm worker = TestSwarm.worker(machine);
    serve(worker);
    refused(503, ClusterAccess.WORKER, "GET", "/services", "");
    assertEquals("ov1", get("/networks/ov1").path("Name").asText());
    assertEquals("/mesh/v1/endpoints", get("/mesh/v1/endpoints").path("forwarded").asText());
    serve(TestSwarm.follower(machine));
    assertEquals("/services", get("/services").path("forwarded").asText());
  }

  @Test
  void attachesEndpointsOfThisNode() throws IOException {
    UnixHttp.Answer made =
        call(
            "POST",
            "/networks/create",
            "{\"Name\":\"att\",\"Driver\":\"overlay\",\"Attachable\":true}");
    assertEquals(201, made.status());
    UnixHttp.Answer attached =
        call(
            "POST",
            "/mesh/v1/endpoints",
            "{\"Network\":\"att\",\"Name\":\"e1\",\"Netns\":\"/proc/self/ns/net\"}");
    assertEquals(201, attached.status(), attached.text());
    assertEquals("n1", attached.json().path("NodeID").asText());
    assertEquals(1, get("/mesh/v1/endpoints").size());
    refused(
        400,
        "exactly one of Netns and Pid is needed",
        "POST",
        "/mesh/v1/endpoints",
        "{\"Network\":\"att\"}");
    refused(
        404,
        "there is no network namespace /run/netns/none on this node",
        "POST",
        "/mesh/v1/endpoints",
        "{\"Network\":\"att\",\"Netns\":\"/run/netns/none\"}");
    assertEquals(204, call("DELETE", "/mesh/v1/endpoints/e1", "").status());
  }

  @Test
  void withoutAnEngineWhatNeedsOneSaysSo() throws IOException {
    UnixHttp.Answer answer = call("POST", "/v1.41/containers/create?name=x", "{}");
    assertEquals(503, answer.status());
    assertTrue(
        answer.message().startsWith("this needs a Docker Engine, and none answers on "),
        answer.message());
    assertEquals(503, call("GET", "/images/json", "").status());
    refused(501, "secrets are not supported by meshd", "POST", "/secrets/create", "{}");
    refused(404, "page not found", "GET", "/swarm/nothing", "");
    refused(404, "No such container: abc", "POST", "/containers/abc/stop", "");
  }
}
