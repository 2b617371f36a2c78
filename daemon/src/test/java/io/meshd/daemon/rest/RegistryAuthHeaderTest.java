package io.meshd.daemon.rest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.api.Nodes;
import io.meshd.daemon.http.UnixHttp;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.CommandFormat;
import io.meshd.daemon.state.RegistryAuth;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.TestCluster;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Credentials that come with services. */
final class RegistryAuthHeaderTest extends ApiOnSocket {
  private static String auth(String json) {
    return Base64.getUrlEncoder().encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }

  private UnixHttp.Answer service(String target, @Nullable String auth, String image)
      throws IOException {
    try (UnixHttp http = UnixHttp.connect(socket)) {
      return http.call(
          "POST",
          target,
          auth == null ? Map.of() : Map.of("X-Registry-Auth", auth),
          "{\"Name\":\"web\",\"TaskTemplate\":{\"ContainerSpec\":{\"Image\":\"%s\",\"Args\":[\"a\"]}}}"
              .formatted(image));
    }
  }

  private ServiceRecord updated(String query, @Nullable String auth, String image)
      throws IOException {
    UnixHttp.Answer answer =
        service(
            "/services/web/update?version=" + machine.service("web").version() + query,
            auth,
            image);
    assertEquals("{\"Warnings\":null}\n", answer.text());
    return machine.service("web");
  }

  private static String header(@Nullable RegistryAuth auth) {
    return auth == null ? "none" : auth.header();
  }

  @Test
  void theyAreKeptAndNotShown() throws IOException {
    machine.done(
        new Command.DescribeNode(
            TestCluster.AT,
            "n1",
            new Nodes.NodeDescription(
                "host1",
                new Nodes.Platform("x86_64", "linux"),
                new Nodes.Resources(1, 1),
                new Nodes.Engine(
                    "1",
                    Map.of(
                        "meshd.log-format",
                        "" + CommandFormat.CURRENT,
                        "meshd.docker-api",
                        "1.41")))));
    String first = auth("{\"username\":\"u\",\"password\":\"1\"}");
    String second = auth("{\"identitytoken\":\"2\"}");
    UnixHttp.Answer made = service("/v1.47/services/create", first, "web:1");
    assertEquals(201, made.status(), made.text());
    assertTrue(made.json().path("Warnings").isEmpty(), made.text());
    assertEquals(first, header(machine.service("web").registryAuth()));
    assertEquals(first, header(updated("&registryAuthFrom=spec", null, "web:2").registryAuth()));
    assertEquals(second, header(updated("", second, "web:2").registryAuth()));
    assertEquals(
        first, header(updated("&registryAuthFrom=previous-spec", null, "web:1").registryAuth()));
    assertEquals(second, header(updated("&rollback=previous", null, "web:1").registryAuth()));
    for (String target : List.of("/services/web", "/services", "/tasks", "/events?until=1")) {
      String shown = call("GET", target, "").text();
      assertFalse(shown.contains(first) || shown.contains(second), shown);
    }
    // Its client knows of none: what there was is replaced, too.
    assertEquals("none", header(updated("", auth("{}"), "web:1").registryAuth()));
    assertEquals("none", header(updated("", first, "process").registryAuth()));
    String broken = "/services/web/update?version=" + machine.service("web").version();
    assertEquals(
        "invalid X-Registry-Auth header: it is no JSON object in base64url",
        service(broken, "c2VjcmV0", "web:1").message());
    assertEquals(
        "unsupported registryAuthFrom value",
        service(broken + "&registryAuthFrom=x", null, "web:1").message());
  }
}
