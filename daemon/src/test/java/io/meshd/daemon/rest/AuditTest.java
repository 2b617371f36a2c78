package io.meshd.daemon.rest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.http.ApiServer;
import io.meshd.daemon.http.UnixHttp;
import io.meshd.daemon.state.TestCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

@Timeout(60)
class AuditTest {
  private static final String WHO = " uid=0 user=root node=n1";

  @TempDir Path folder;
  private final TestCluster machine = TestCluster.of(3);
  private final TestSwarm swarm = TestSwarm.leader(machine);
  private final ApiServer server = new ApiServer(RestApi.serverSettings(HostFacts.read("0.1.0")));
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

  @BeforeEach
  void open() throws IOException {
    new RestApi(
            swarm,
            exchange -> exchange.respond(200, Map.of()),
            () -> null,
            () -> null,
            (node, path) -> {
              throw new IOException("no node here");
            },
            (protocol, address, port) -> Optional.empty(),
            () -> new HostNetworks(null, null, null, null),
            Map::of,
            () -> null,
            () -> null,
            () -> null,
            HostFacts.read("0.1.0"),
            new Engine(folder.resolve("engine"), folder.resolve("s")),
            new ClusterEvents(Clock.systemUTC()),
            Clock.systemUTC())
        .addTo(server.routes());
    server.openUnix(folder.resolve("s"));
    lines.start();
    logger().setLevel(Level.INFO);
    logger().addAppender(lines);
  }

  @AfterEach
  void close() throws IOException {
    logger().detachAppender(lines);
    logger().setLevel(null);
    server.close();
  }

  private static Logger logger() {
    return (Logger) LoggerFactory.getLogger("meshd.audit");
  }

  private UnixHttp.Answer call(String method, String target, String body) throws IOException {
    return UnixHttp.call(folder.resolve("s"), method, target, body);
  }

  /** The lines since the last call of this. */
  private List<String> said() {
    List<String> said = lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    lines.list.clear();
    return said;
  }

  @Test
  void everyChangeHasALineWithWhoWhatAndVersion() throws IOException {
    String network =
        call("POST", "/v1.47/networks/create", "{\"Name\":\"ov1\",\"Driver\":\"overlay\"}")
            .json()
            .path("Id")
            .asText();
    assertEquals(
        List.of(
            "accepted version=%d verb=create kind=network name=ov1 id=%s"
                    .formatted(swarm.state().version(), network)
                + WHO),
        said());

    String spec =
        "{\"Name\":\"web\",\"TaskTemplate\":{\"ContainerSpec\":{\"Command\":[\"serve\"]},"
            + "\"Networks\":[{\"Target\":\"ov1\"}],\"Runtime\":\"process\"},"
            + "\"Mode\":{\"Replicated\":{\"Replicas\":%d}}}";
    String service = call("POST", "/services/create", spec.formatted(2)).json().path("ID").asText();
    long version = Objects.requireNonNull(swarm.state().services().get(service)).version();
    call("POST", "/services/web/update?version=" + version, spec.formatted(3));
    call("DELETE", "/services/web", "");
    call("DELETE", "/networks/ov1", "");
    List<String> said = said();
    assertEquals(4, said.size(), said.toString());
    String of = " kind=service name=web id=" + service + WHO;
    assertTrue(said.get(0).endsWith(" verb=create" + of), said.get(0));
    assertTrue(said.get(1).endsWith(" verb=update" + of), said.get(1));
    assertTrue(said.get(2).endsWith(" verb=remove" + of), said.get(2));
    assertEquals(
        "accepted version=%d verb=remove kind=network name=ov1 id=%s"
                .formatted(swarm.state().version(), network)
            + WHO,
        said.get(3));
  }

  @Test
  void whatIsRefusedHasALineWithTheReason() throws IOException {
    String create = "{\"Name\":\"ov1\",\"Driver\":\"overlay\"}";
    call("POST", "/networks/create", create);
    said();
    long version = swarm.state().version();
    assertEquals(409, call("POST", "/networks/create", create).status());
    String twice = said().getFirst();
    assertTrue(
        twice.startsWith("refused version=" + version + " verb=create kind=network name=ov1 id="),
        twice);
    assertTrue(twice.endsWith(" reason=\"network with name ov1 already exists\"" + WHO), twice);

    assertEquals(404, call("DELETE", "/services/web", "").status());
    assertEquals(400, call("POST", "/nodes/n%209/update?version=1", "{}").status());
    assertEquals(400, call("POST", "/networks/create", "{\"Name\":\"x\"}").status());
    assertEquals(400, call("POST", "/swarm/update?version=x", "{}").status());
    String none = "refused version=" + version;
    List<String> said = said();
    assertEquals(
        none + " verb=remove kind=service name=web reason=\"service web not found\"" + WHO,
        said.get(0));
    assertTrue(
        said.get(1).startsWith(none + " verb=update kind=node name=\"n 9\" reason="), said.get(1));
    assertTrue(
        said.get(2).startsWith(none + " verb=create kind=network name=x reason="), said.get(2));
    assertEquals(
        none + " verb=update kind=swarm reason=\"invalid swarm version 'x'\"" + WHO, said.get(3));
    assertEquals(503, call("POST", "/swarm/init", "{}").status());
    assertTrue(said().getFirst().startsWith(none + " verb=init kind=swarm reason="));
  }

  @Test
  void readingLeavesNoLineAndANameBeginsNoLineOfItsOwn() throws IOException {
    for (String path : List.of("/services", "/networks", "/nodes", "/swarm", "/services/none")) {
      call("GET", path, "");
    }
    assertEquals(List.of(), said());
    call("DELETE", "/services/a%0Aaccepted%20%22b", "");
    String line = said().getFirst();
    assertTrue(line.contains(" name=\"a\\u000aaccepted \\\"b\" "), line);
    assertEquals(1, line.lines().count());
  }
}
