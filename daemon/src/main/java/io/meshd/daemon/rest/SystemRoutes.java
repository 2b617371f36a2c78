package io.meshd.daemon.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.api.Json;
import io.meshd.api.Paths;
import io.meshd.daemon.control.SwarmControl;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.engine.EngineAnswer;
import io.meshd.daemon.engine.EngineVersion;
import io.meshd.daemon.engine.NoEngineException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.Routes.Doors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** _ping, version, info, and the empty lists that stock clients ask for. */
final class SystemRoutes {

  private final SwarmControl control;
  private final HostFacts host;
  private final Engine engine;
  private final NodeInfo info;

  SystemRoutes(SwarmControl control, HostFacts host, Engine engine, LocalContainers containers) {
    this.control = control;
    this.host = host;
    this.engine = engine;
    this.info = new NodeInfo(control, host, containers);
  }

  void addTo(Routes routes) {
    routes.add(Doors.LOCAL, "GET", Paths.PING, this::ping);
    routes.add(Doors.LOCAL, "HEAD", Paths.PING, this::ping);
    routes.add(Doors.LOCAL, "GET", Paths.VERSION, this::version);
    routes.add(Doors.LOCAL, "GET", Paths.INFO, this::info);
    routes.add(Doors.LOCAL, "GET", "/secrets", exchange -> exchange.respond(200, List.of()));
    routes.add(Doors.LOCAL, "GET", "/configs", exchange -> exchange.respond(200, List.of()));
  }

  private void ping(Exchange exchange) {
    SwarmControl.Membership me = control.membership();
    String role = me.manager() ? "/manager" : "/worker";
    boolean active = me.localNodeState().equals("active");
    exchange.setHeader("Swarm", active ? "active" + role : me.localNodeState());
    exchange.setHeader("Cache-Control", "no-cache, no-store, must-revalidate");
    exchange.setHeader("Pragma", "no-cache");
    try (EngineAnswer answer = engine.call("GET", null, Paths.PING, null)) {
      copy(answer, "builder-version", exchange, "Builder-Version");
      copy(answer, "docker-experimental", exchange, "Docker-Experimental");
      exchange.setHeader("Api-Version", spoken(engine.version()));
    } catch (IOException _) {
      // Without an Engine it is our own version that counts, and an ill one is not our illness.
    }
    byte[] body =
        exchange.method().equals("HEAD") ? new byte[0] : "OK".getBytes(StandardCharsets.UTF_8);
    exchange.respondRaw(200, "text/plain; charset=utf-8", body);
  }

  private static void copy(EngineAnswer answer, String name, Exchange exchange, String as) {
    String value = answer.header(name);
    if (value != null) {
      exchange.setHeader(as, value);
    }
  }

  /** So that clients do not ask an older Engine for what it would drop in silence. */
  private static String spoken(EngineVersion engine) {
    return EngineVersion.lower(Paths.API_VERSION, engine.newest());
  }

  private void version(Exchange exchange) {
    ObjectNode version = Json.MAPPER.createObjectNode();
    Map<String, String> details = new LinkedHashMap<>();
    details.put("ApiVersion", Paths.API_VERSION);
    details.put("MinAPIVersion", Paths.MIN_API_VERSION);
    details.put("Os", "linux");
    details.put("Arch", host.goArchitecture());
    details.put("KernelVersion", host.kernelVersion());
    details.put("Experimental", "false");
    List<Map<String, Object>> components =
        List.of(Map.of("Name", "meshd", "Version", host.engineVersion(), "Details", details));
    version.set("Platform", Json.MAPPER.valueToTree(Map.of("Name", "meshd")));
    version.set("Components", Json.MAPPER.valueToTree(components));
    version.put("Version", host.engineVersion());
    version.put("ApiVersion", Paths.API_VERSION);
    details.forEach((name, value) -> version.put(name, value));
    version.put("Experimental", false);
    try (EngineAnswer answer = engine.call("GET", exchange.apiVersion(), Paths.VERSION, null)) {
      JsonNode engines = answer.json();
      version.put("ApiVersion", spoken(engine.version()));
      engines.path("Components").forEach(version.withArray("Components")::add);
    } catch (IOException _) {
      // None, or an ill one, which is not our illness: commands of the swarm begin with these.
    }
    exchange.respond(200, version);
  }

  private void info(Exchange exchange) {
    JsonNode engines = Json.MAPPER.createObjectNode();
    List<String> warnings = List.of();
    try (EngineAnswer answer = engine.call(exchange)) {
      engines = answer.json();
    } catch (NoEngineException _) {
      // then there is meshd alone
    } catch (IOException e) {
      warnings = List.of("WARNING: " + e.getMessage());
    }
    ObjectNode all = info.over(engines);
    warnings.forEach(all.withArray("Warnings")::add);
    exchange.respond(200, all);
  }
}
