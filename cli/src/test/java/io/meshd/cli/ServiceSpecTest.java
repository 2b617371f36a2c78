package io.meshd.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What service commands send. */
final class ServiceSpecTest {
  private static final String SERVICE =
      """
      {"ID":"s1","Version":{"Index":4},"Spec":{"Name":"web","Unknown":{"kept":true},
       "TaskTemplate":{"ContainerSpec":{"Image":"a:1","Env":["A=1","B=2"]},
        "Networks":[{"Target":"net-id","Aliases":["x"]}]},
       "Mode":{"Replicated":{"Replicas":2}},
       "EndpointSpec":{"Mode":"vip","Ports":[
        {"Protocol":"tcp","TargetPort":80,"PublishedPort":8080,"PublishMode":"ingress"}]}}}
      """;

  private static final String DIGEST = "sha256:" + "0a".repeat(32);

  private static JsonNode sent(String path, String... args) throws IOException {
    try (RecordedPeer peer = new RecordedPeer()) {
      peer.answer("POST /services/create", 201, "{\"ID\":\"s1\"}");
      for (String image : List.of("busybox:latest", "img:latest")) {
        peer.answer(
            "GET /distribution/" + image + "/json",
            200,
            "{\"Descriptor\":{\"digest\":\"" + DIGEST + "\"},\"Platforms\":[]}");
      }
      peer.answer("GET /services", 200, "[" + SERVICE + "]");
      peer.answer("GET /services/web", 200, SERVICE);
      peer.answer("GET /networks/other", 200, "{\"Id\":\"other-id\",\"Name\":\"other\"}");
      peer.answer("GET /networks/net", 200, "{\"Id\":\"net-id\",\"Name\":\"net\"}");
      peer.answer("POST /services/s1/update", 200, "{}");
      Run run = Run.of(peer.host(), args);
      assertEquals("", run.err());
      assertEquals(0, run.code());
      List<RecordedPeer.Request> posts =
          peer.requests().stream().filter(r -> r.method().equals("POST")).toList();
      assertEquals(1, posts.size());
      assertTrue(posts.getFirst().target().startsWith(path));
      return Json.MAPPER.readTree(posts.getFirst().body());
    }
  }

  @Test
  void optionsEndAtTheFirstPositional() throws IOException {
    JsonNode spec =
        sent("/services/create", "service", "create", "-d", "--name", "a", "busybox", "ls", "-l");
    JsonNode container = spec.path("TaskTemplate").path("ContainerSpec");
    assertEquals("busybox:latest@" + DIGEST, container.path("Image").asText());
    assertEquals("[\"ls\",\"-l\"]", container.path("Args").toString());
    assertEquals(1, spec.path("Mode").path("Replicated").path("Replicas").asInt());
  }

  @Test
  void theProcessRuntimeTakesNoImage() throws IOException {
    JsonNode spec =
        sent(
            "/services/create",
            "service create -d --runtime process --name a sh -c true".split(" "));
    JsonNode task = spec.path("TaskTemplate");
    assertEquals("process", task.path("Runtime").asText());
    assertEquals(
        "{\"Command\":[\"sh\"],\"Args\":[\"-c\",\"true\"]}", task.path("ContainerSpec").toString());
  }

  @Test
  void everythingGivenIsSent() throws IOException {
    JsonNode spec =
        sent(
            "/services/create",
            ("service create -dq --name=a --network name=n,alias=z -p 53:53/udp -p"
                    + " published=8080,target=80,mode=host -eA=1 -e A=2 -l k=v --constraint"
                    + " node.role==worker --restart-delay 1m30s --update-delay 5s --mode global"
                    + " --endpoint-mode dnsrr --stop-grace-period 0.5s img")
                .split(" "));
    assertEquals(
        Json.MAPPER.readTree(
            """
            {"Name":"a","Labels":{"k":"v"},"TaskTemplate":{
              "ContainerSpec":{"Image":"img:latest@%s","Env":["A=2"],"StopGracePeriod":500000000},
              "Placement":{"Constraints":["node.role==worker"]},
              "Networks":[{"Target":"n","Aliases":["z"]}],
              "RestartPolicy":{"Delay":90000000000}},
             "Mode":{"Global":{}},
             "EndpointSpec":{"Ports":[
               {"Protocol":"udp","TargetPort":53,"PublishedPort":53,"PublishMode":"ingress"},
               {"Protocol":"tcp","TargetPort":80,"PublishedPort":8080,"PublishMode":"host"}],
               "Mode":"dnsrr"},
             "UpdateConfig":{"Parallelism":1,"Delay":5000000000}}
            """
                .formatted(DIGEST)),
        spec);
  }

  @Test
  void whatContainersHaveIsSent() throws IOException {
    JsonNode task =
        sent(
                "/services/create",
                ("service create -d --name a --no-resolve-image --read-only --init -t --entrypoint x"
                        + " --health-cmd ok --health-interval 2s --limit-memory 64m --limit-cpu 0.5"
                        + " --reserve-memory 1.5g --limit-pids 7 --host h:192.0.2.1 --dns 192.0.2.2"
                        + " --mount type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=700"
                        + " --mount src=data,dst=/d,ro --sysctl a.b=1 --ulimit nofile=5:6"
                        + " --cap-drop ALL --group 7 --log-driver none --log-opt a=b img")
                    .split(" "))
            .path("TaskTemplate");
    assertEquals(
        Json.MAPPER.readTree(
            """
            {"ContainerSpec":{"Image":"img:latest","Command":["x"],"Init":true,"ReadOnly":true,
              "TTY":true,"Healthcheck":{"Test":["CMD-SHELL","ok"],"Interval":2000000000},
              "CapabilityDrop":["ALL"],"Groups":["7"],"Hosts":["192.0.2.1 h"],
              "Mounts":[
                {"Type":"tmpfs","Target":"/t","TmpfsOptions":{"SizeBytes":1048576,"Mode":448}},
                {"Type":"volume","Source":"data","Target":"/d","ReadOnly":true}],
              "Ulimits":[{"Name":"nofile","Soft":5,"Hard":6}],"Sysctls":{"a.b":"1"},
              "DNSConfig":{"Nameservers":["192.0.2.2"]}},
             "Placement":{},
             "Resources":{
               "Limits":{"MemoryBytes":67108864,"NanoCPUs":500000000,"Pids":7},
               "Reservations":{"MemoryBytes":1610612736}},
             "LogDriver":{"Name":"none","Options":{"a":"b"}}}
            """),
        task);
  }

  @Test
  void anUpdateKeepsWhatItDoesNotKnow() throws IOException {
    JsonNode spec = sent("/services/s1/update?version=4", "service", "scale", "-d", "web=5");
    assertEquals("{\"kept\":true}", spec.path("Unknown").toString());
    assertEquals(5, spec.path("Mode").path("Replicated").path("Replicas").asInt());
    assertEquals(2, spec.path("TaskTemplate").path("ContainerSpec").path("Env").size());
  }

  /** What is in it, RegistryLoginsTest shows. */
  @Test
  void loginsGoWithTheSpecAndTheLookAtItsImageWhereThatIsAsked() throws IOException {
    try (RecordedPeer peer = new RecordedPeer()) {
      peer.answer("GET /services/web", 200, SERVICE);
      peer.answer("GET /distribution/b:2/json", 200, "{}");
      peer.answer("POST /services/s1/update", 200, "{}");
      Run with =
          Run.of(peer.host(), "service update -d --with-registry-auth --image b:2 web".split(" "));
      assertEquals("", with.err());
      assertEquals(
          List.of(false, true, true),
          peer.requests().stream().map(r -> r.headers().containsKey("x-registry-auth")).toList());
      Run without = Run.of(peer.host(), "service update -d --image b:2 web".split(" "));
      assertEquals("", without.err());
      assertTrue(
          peer.requests().stream()
              .skip(3)
              .noneMatch(r -> r.headers().containsKey("x-registry-auth")));
      Run rollback =
          Run.of(peer.host(), "service update --rollback --with-registry-auth web".split(" "));
      assertEquals("other flags may not be combined with --rollback\n", rollback.err());
    }
  }

  @Test
  void publishKeepsThePortsThereAre() throws IOException {
    JsonNode spec = sent("/services/s1/update?version=4", "service", "publish", "53:53/udp");
    assertEquals(
        Json.MAPPER.readTree(
            """
            [{"Protocol":"udp","TargetPort":53,"PublishedPort":53,"PublishMode":"ingress"},
             {"Protocol":"tcp","TargetPort":80,"PublishedPort":8080,"PublishMode":"ingress"}]
            """),
        spec.path("EndpointSpec").path("Ports"));
  }

  @Test
  void unpublishTakesThePublishedPort() throws IOException {
    JsonNode spec = sent("/services/s1/update?version=4", "service", "unpublish", "8080", "web");
    assertTrue(spec.path("EndpointSpec").path("Ports").isMissingNode());
  }

  @Test
  void publishRemoveTakesTheTargetPort() throws IOException {
    JsonNode spec =
        sent(
            "/services/s1/update?version=4",
            "service update -d --publish-rm 80 --publish-add 81:81 web".split(" "));
    assertEquals(
        "[{\"Protocol\":\"tcp\",\"TargetPort\":81,\"PublishedPort\":81,\"PublishMode\":\"ingress\"}]",
        spec.path("EndpointSpec").path("Ports").toString());
  }

  @Test
  void networksAndVariablesAreAddedAndRemoved() throws IOException {
    JsonNode spec =
        sent(
            "/services/s1/update?version=4",
            ("service update -d --network-add other --network-rm net --env-rm A --env-add B=3"
                    + " --env-add C=4 --force web")
                .split(" "));
    JsonNode task = spec.path("TaskTemplate");
    assertEquals("[{\"Target\":\"other-id\"}]", task.path("Networks").toString());
    assertEquals("[\"B=3\",\"C=4\"]", task.path("ContainerSpec").path("Env").toString());
    assertEquals(1, task.path("ForceUpdate").asInt());
  }

  @Test
  void publishWithoutServiceListsTheCandidates() throws IOException {
    try (RecordedPeer peer = new RecordedPeer()) {
      peer.answer(
          "GET /services", 200, "[" + SERVICE + "," + SERVICE.replace("\"web\"", "\"api\"") + "]");
      Run run = Run.of(peer.host(), "service", "publish", "8080:80");
      assertEquals("there are several services, name one of them: api, web\n", run.err());
      assertEquals(1, run.code());
    }
  }
}
