package io.meshd.daemon.containers;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.api.Services;
import io.meshd.daemon.tasks.DesiredContainer;
import io.meshd.daemon.tasks.DesiredTask;
import io.meshd.daemon.tasks.HostPort;
import io.meshd.daemon.tasks.TaskNames;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the Engine is asked for; that it does it is seen end to end. */
class CreateRequestTest {
  private static JsonNode body(String spec, List<HostPort> ports, @Nullable String network)
      throws IOException {
    DesiredContainer container =
        new DesiredContainer(
            Json.MAPPER.readValue(spec, Services.TaskSpec.class),
            Map.of("a", "b"),
            List.of(new DesiredContainer.Network("net", "mynet", "10.0.1.0/24", false, true)));
    DesiredTask task =
        new DesiredTask(
            "id",
            "web.1.id",
            "service",
            "web",
            List.of(),
            List.of(),
            null,
            null,
            null,
            null,
            1,
            1,
            List.of(
                new DesiredTask.TaskNetwork(
                    "net", "10.0.1.7", 24, "02:42:0a:00:01:07", 1450, false, null)),
            ports,
            List.of(),
            new TaskNames(
                List.of("10.0.1.1"), List.of("x.org"), List.of(), List.of("192.0.2.7 h i")),
            container);
    return Json.MAPPER.valueToTree(new CreateRequest(task, container).body(network));
  }

  private static JsonNode json(String text) throws IOException {
    return Json.MAPPER.readTree(text);
  }

  @Test
  void itsPlaceOnTheNetworkIsTheClusters() throws IOException {
    JsonNode body = body("{\"ContainerSpec\":{\"Image\":\"i\"}}", List.of(), "mynet");
    assertEquals(
        json(
            """
            {"EndpointsConfig": {"mynet": {
              "IPAMConfig": {"IPv4Address": "10.0.1.7"}, "DriverOpts": {"mesh.task": "id"}}}}
            """),
        body.path("NetworkingConfig"));
    assertEquals(
        json(
            """
            {"NetworkMode": "mynet", "RestartPolicy": {"Name": "no"}, "Dns": ["169.254.53.53"],
             "DnsSearch": ["x.org"], "ExtraHosts": ["h:192.0.2.7", "i:192.0.2.7"]}
            """),
        body.path("HostConfig"));
    assertEquals(json("{\"a\": \"b\", \"io.meshd.task\": \"id\"}"), body.path("Labels"));
  }

  @Test
  void resourcesLogsAndPortsAreTheHostsMatter() throws IOException {
    JsonNode host =
        body(
                """
                {"ContainerSpec": {"Image": "i",
                   "Privileges": {"NoNewPrivileges": true, "SELinuxContext": {"Level": "s0"}}},
                 "Resources": {"Limits": {"NanoCPUs": 500000000, "MemoryBytes": 64, "Pids": 9},
                               "Reservations": {"MemoryBytes": 32}},
                 "LogDriver": {"Name": "json-file", "Options": {"max-file": "3"}}}
                """,
                List.of(
                    new HostPort("udp", null, 0, 53), new HostPort("tcp", "192.0.2.1", 80, 8080)),
                "mynet")
            .path("HostConfig");
    assertEquals(500000000, host.path("NanoCpus").asLong());
    assertEquals(64, host.path("Memory").asLong());
    assertEquals(9, host.path("PidsLimit").asLong());
    assertEquals(32, host.path("MemoryReservation").asLong());
    assertEquals(
        json("{\"Type\": \"json-file\", \"Config\": {\"max-file\": \"3\"}}"),
        host.path("LogConfig"));
    assertEquals(
        json("[\"no-new-privileges=true\", \"label=level:s0\"]"), host.path("SecurityOpt"));
    assertEquals(
        json(
            """
            {"53/udp": [{"HostIp": "", "HostPort": ""}],
             "8080/tcp": [{"HostIp": "192.0.2.1", "HostPort": "80"}]}
            """),
        host.path("PortBindings"));
  }

  @Test
  void whatIsNotAskedForIsTheImages() throws IOException {
    JsonNode body = body("{\"ContainerSpec\":{\"Image\":\"i\"}}", List.of(), null);
    assertEquals(json("\"default\""), body.path("HostConfig").path("NetworkMode"));
    for (String field : List.of("Cmd", "Entrypoint", "Env", "User", "StopSignal", "Healthcheck")) {
      assertEquals(true, body.path(field).isMissingNode(), field);
    }
  }

  @Test
  void aTagIsAlwaysSaid() {
    assertEquals("latest", EngineImages.tag("busybox"));
    assertEquals("1", EngineImages.tag("host:5000/busybox:1"));
    assertEquals("latest", EngineImages.tag("host:5000/busybox"));
    assertEquals("sha256:ab", EngineImages.tag("busybox:1@sha256:ab"));
  }
}
