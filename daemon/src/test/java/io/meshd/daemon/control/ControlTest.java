package io.meshd.daemon.control;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.api.Networks;
import io.meshd.daemon.disk.DataKeys;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.security.ClusterCa;
import io.meshd.daemon.security.IdentityStore;
import io.meshd.daemon.security.JoinToken;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.security.NodeKeys;
import io.meshd.daemon.security.NodeRole;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.NodeRecord.NodeState;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class ControlTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @TempDir Path folder;
  private TestManager manager;
  private final List<AutoCloseable> closing = new ArrayList<>();

  @SuppressWarnings("NullAway.Init") // set before each test
  ControlTest() {}

  @BeforeEach
  void start() throws Exception {
    manager = TestManager.create(folder.resolve("manager"));
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : closing.reversed()) {
      each.close();
    }
    manager.close();
  }

  private <T extends AutoCloseable> T closing(T part) {
    closing.add(part);
    return part;
  }

  private void restartManager() throws Exception {
    manager.close();
    manager = TestManager.reopen(folder.resolve("manager"));
  }

  private ClusterClient client(NodeIdentity node) {
    return closing(ClusterClient.ofManagers(new NodeCredentials(node)));
  }

  private ManagerAddresses managers() {
    return new ManagerAddresses(List.of(manager.identity.controlAddress()), list -> {});
  }

  private StateCache cache(String name) {
    Path place = folder.resolve(name);
    return new StateCache(StateFiles.of(place, place.resolve("run")), DataKeys.drawn());
  }

  private StateWatch watch(NodeIdentity node, String cache) {
    StateWatch watch = new StateWatch(managers(), client(node), cache(cache));
    closing.add(watch);
    return watch;
  }

  private static String addNetwork(TestManager manager, String name) {
    return manager
        .must(
            new Command.CreateNetwork(
                "2026-01-01T00:00:00Z",
                name + "x".repeat(25 - name.length()),
                new Networks.CreateRequest(
                    name, "overlay", null, null, null, null, null, null, null, null, null, null,
                    null, null)))
        .id();
  }

  private HttpResponse<InputStream> call(ClusterClient client, String method, String target)
      throws Exception {
    return client.send(
        manager.identity.controlAddress(),
        method,
        target,
        Map.of(),
        new byte[0],
        Duration.ofSeconds(5));
  }

  private NodeState statusOf(String nodeId) {
    NodeRecord node = manager.state().nodes().get(nodeId);
    return node == null ? NodeState.UNKNOWN : node.status();
  }

  @Test
  void aNodeWithTheTokenIsLetIn() throws Exception {
    NodeIdentity node = manager.join("w1");
    assertEquals(NodeRole.WORKER, node.role());
    assertEquals(manager.identity.clusterId(), node.clusterId());
    assertEquals(List.of(manager.identity.controlAddress()), node.managers());
    assertEquals("127.0.0.1:2377", node.controlAddress());
    assertEquals("127.0.0.1", node.vtep());
    assertEquals(4789, node.dataPathPort());
    NodeRecord record = manager.state().nodes().get(node.nodeId());
    assertNotNull(record);
    assertEquals("w1", record.hostname());
    assertFalse(record.manager());
  }

  @Test
  void aWrongTokenIsRefusedInSwarmsWords() {
    JoinToken other = JoinToken.create(manager.ca().root());
    for (String token : List.of("nonsense", other.toString())) {
      ApiException refused = assertThrows(ApiException.class, () -> joinWith(token));
      assertEquals("invalid join token", refused.text());
      assertEquals(400, refused.status());
    }
    assertEquals(1, manager.state().nodes().size());
  }

  @Test
  void aManagerOfAnotherClusterIsNotTrusted() {
    JoinToken other = JoinToken.create(ClusterCa.create().root());
    ApiException refused = assertThrows(ApiException.class, () -> joinWith(other.toString()));
    assertTrue(
        refused.text().contains("remote CA does not match fingerprint. Expected: "),
        refused.text());
    assertEquals(1, manager.state().nodes().size());
  }

  @Test
  void aManagerThatDoesNotRunIsToldFromOneThatIsSilent() throws Exception {
    NodeIdentity node = manager.join("w1");
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      StateWatch atSilent = watchAt("127.0.0.1:" + silent.getLocalPort(), node, "silent");
      StateWatch atNobody = watchAt("127.0.0.1:1", node, "nobody");
      await().atMost(LIMIT).until(() -> atNobody.roundsInVain() >= 2);
      assertTrue(atNobody.nobodyListens());
      await().atMost(LIMIT).until(() -> atSilent.roundsInVain() >= 1);
      assertFalse(atSilent.nobodyListens());
    }
  }

  private StateWatch watchAt(String manager, NodeIdentity node, String cache) {
    StateWatch watch =
        closing(
            new StateWatch(
                new ManagerAddresses(List.of(manager), list -> {}), client(node), cache(cache)));
    watch.start();
    return watch;
  }

  @Test
  void anAbsentManagerIsNamed() {
    ApiException refused =
        assertThrows(
            ApiException.class,
            () ->
                JoinClient.join(
                    List.of("127.0.0.1:1"),
                    manager.workerToken(),
                    new JoinClient.Applicant(
                        "active", TestManager.description("w"), null, 2377, null)));
    assertEquals("cannot join through 127.0.0.1:1: connection refused", refused.text());
    assertEquals(503, refused.status());
  }

  private NodeIdentity joinWith(String token) throws InterruptedException {
    return JoinClient.join(
        List.of(manager.identity.controlAddress()),
        token,
        new JoinClient.Applicant("active", TestManager.description("w"), null, 2377, null));
  }

  @Test
  void rolesAreChecked() throws Exception {
    manager
        .server
        .routes()
        .add(Routes.Doors.MANAGERS, "GET", "/secret", exchange -> exchange.respond(200, "x"));
    ClusterClient worker = client(manager.join("w1"));
    assertEquals(403, call(worker, "GET", "/secret").statusCode());
    assertEquals(200, call(client(manager.identity), "GET", "/secret").statusCode());
    ClusterClient stranger =
        new ClusterClient(
            io.meshd.daemon.security.TlsContexts.joining(JoinToken.parse(manager.workerToken())));
    closing.add(stranger);
    assertEquals(403, call(stranger, "GET", AgentMessages.WATCH).statusCode());
  }

  @Test
  void aCertificateOfAnotherClusterGetsNoConnection() throws Exception {
    try (TestManager other = TestManager.create(folder.resolve("other"))) {
      NodeIdentity foreign = other.join("w1");
      NodeIdentity mixed =
          new NodeIdentity(
              foreign.nodeId(),
              foreign.clusterId(),
              foreign.role(),
              foreign.key(),
              foreign.certificate(),
              manager.ca().root(),
              List.of(),
              "",
              "",
              "",
              0);
      ClusterClient client = client(mixed);
      assertThrows(IOException.class, () -> call(client, "GET", AgentMessages.WATCH));
    }
  }

  @Test
  void aWatchBringsEveryChangeInOrderAcrossRestartsOfTheManager() throws Exception {
    NodeIdentity node = manager.join("w1");
    StateWatch watch = watch(node, "cache");
    List<Long> versions = Collections.synchronizedList(new ArrayList<>());
    watch.subscribe(state -> versions.add(state.version()));
    watch.start();
    await().atMost(LIMIT).until(watch::connected);
    addNetwork(manager, "net1");
    await().atMost(LIMIT).until(() -> hasNetwork(watch.state(), "net1"));

    restartManager();
    addNetwork(manager, "net2");
    await().atMost(LIMIT).until(() -> hasNetwork(watch.state(), "net2"));
    for (int i = 0; i < 50; i++) {
      addNetwork(manager, "burst" + i);
    }
    await().atMost(LIMIT).until(() -> hasNetwork(watch.state(), "burst49"));
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> assertEquals(manager.state().redacted().networks(), watch.state().networks()));
    synchronized (versions) {
      assertEquals(versions.stream().sorted().distinct().toList(), versions);
    }
    assertEquals("", cluster(watch.state()));
  }

  private static boolean hasNetwork(ClusterState state, String name) {
    return state.networks().values().stream().anyMatch(network -> network.name().equals(name));
  }

  private static String cluster(ClusterState state) {
    return state.cluster() == null ? "none" : state.cluster().workerToken();
  }

  @Test
  void aRestartedNodeHasItsStateWithoutAManager() throws Exception {
    NodeIdentity node = manager.join("w1");
    StateWatch first = watch(node, "cache");
    first.start();
    addNetwork(manager, "net1");
    await().atMost(LIMIT).until(() -> hasNetwork(first.state(), "net1"));
    first.close();
    manager.close();

    StateWatch second = watch(node, "cache");
    List<ClusterState> seen = new ArrayList<>();
    second.subscribe(seen::add);
    assertTrue(hasNetwork(seen.getFirst(), "net1"));
    second.start();
    assertFalse(second.connected());

    manager = TestManager.reopen(folder.resolve("manager"));
    addNetwork(manager, "net2");
    await().atMost(LIMIT).until(() -> hasNetwork(second.state(), "net2"));
  }

  @Test
  void aSilentNodeIsDownAndReadyAgainWhenItIsBack() throws Exception {
    NodeIdentity node = manager.join("w1");
    Heartbeat heartbeat = closing(new Heartbeat(new RemoteReports(managers(), client(node))));
    heartbeat.start();
    await().atMost(LIMIT).until(() -> statusOf(node.nodeId()) == NodeState.READY);
    await().atMost(LIMIT).until(() -> statusOf(manager.identity.nodeId()) == NodeState.READY);
    long end = System.nanoTime() + TestManager.GRACE.multipliedBy(2).toNanos();
    await()
        .atMost(LIMIT)
        .until(
            () -> {
              assertEquals(NodeState.READY, statusOf(node.nodeId()));
              return System.nanoTime() > end;
            });
    heartbeat.close();
    await().atMost(LIMIT).until(() -> statusOf(node.nodeId()) == NodeState.DOWN);
    NodeRecord down = manager.state().nodes().get(node.nodeId());
    assertNotNull(down);
    assertEquals("heartbeat failure", down.statusMessage());
    assertEquals(NodeState.READY, statusOf(manager.identity.nodeId()));
    closing(new Heartbeat(new RemoteReports(managers(), client(node)))).start();
    await().atMost(LIMIT).until(() -> statusOf(node.nodeId()) == NodeState.READY);
  }

  @Test
  void theFirstLineOfAWatchBringsTheNewestState() throws Exception {
    NodeIdentity node = manager.join("w1");
    ClusterState base = manager.state().redacted();
    addNetwork(manager, "later");
    long newest = manager.state().version();
    HttpResponse<InputStream> answer =
        call(client(node), "GET", AgentMessages.WATCH + "?since=" + base.version());
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8))) {
      WatchLine.Delta first =
          assertInstanceOf(WatchLine.Delta.class, WatchLine.decode(lines.readLine()));
      assertTrue(first.delta().applyTo(base).version() >= newest);
    }
  }

  @Test
  void aLeavingNodeIsDownAtOnce() throws Exception {
    NodeIdentity node = manager.join("w1");
    RemoteReports reports = new RemoteReports(managers(), client(node));
    reports.send(List.of());
    await().atMost(LIMIT).until(() -> statusOf(node.nodeId()) == NodeState.READY);
    reports.leave();
    await().atMost(TestManager.GRACE).until(() -> statusOf(node.nodeId()) == NodeState.DOWN);
  }

  @Test
  void aNodeWhoseDaemonEndsInOrderIsDisconnectedThenDownAndReadyOnceItWatchesAgain()
      throws Exception {
    NodeIdentity node = manager.join("w1");
    RemoteReports reports = new RemoteReports(managers(), client(node));
    reports.send(List.of());
    await().atMost(LIMIT).until(() -> statusOf(node.nodeId()) == NodeState.READY);
    reports.pause();
    await()
        .atMost(TestManager.GRACE)
        .until(() -> statusOf(node.nodeId()) == NodeState.DISCONNECTED);
    reports.send(List.of()); // a last word is no return
    await().atMost(LIMIT).until(() -> statusOf(node.nodeId()) == NodeState.DOWN);
    watch(node, "cache").start();
    await().atMost(LIMIT).until(() -> statusOf(node.nodeId()) == NodeState.READY);
  }

  @Test
  void afterARestartOfTheManagerNodesStayAsTheyWereUntilTheGraceHasPassed() throws Exception {
    NodeIdentity node = manager.join("w1");
    new RemoteReports(managers(), client(node)).send(List.of());
    await().atMost(LIMIT).until(() -> statusOf(node.nodeId()) == NodeState.READY);
    manager.close();
    long begin = System.nanoTime();
    manager = TestManager.reopen(folder.resolve("manager"));
    assertEquals(NodeState.READY, statusOf(node.nodeId()));
    await().atMost(LIMIT).until(() -> statusOf(node.nodeId()) == NodeState.DOWN);
    assertTrue(System.nanoTime() - begin >= TestManager.GRACE.toNanos());
  }

  @Test
  void aNodeWorksOnPastTheEndOfItsFirstCertificate() throws Exception {
    manager.must(
        new Command.UpdateCluster(
            "2026-01-01T00:00:00Z",
            Objects.requireNonNull(manager.state().cluster()).version(),
            5,
            Duration.ofSeconds(5).toNanos()));
    NodeIdentity first = manager.join("w1");
    NodeCredentials credentials = new NodeCredentials(first);
    IdentityStore store = new IdentityStore(folder.resolve("w1"));
    store.save(first);
    ClusterClient client = closing(ClusterClient.ofManagers(credentials));
    RemoteReports reports = new RemoteReports(managers(), client);
    StateWatch watch = closing(new StateWatch(managers(), client, cache("cache")));
    CertificateRenewal renewal =
        closing(new CertificateRenewal(credentials, reports::renew, store::saveCertificate));
    watch.subscribe(renewal);
    watch.start();
    renewal.start();
    closing(new Heartbeat(reports)).start();

    Instant end = first.certificate().getNotAfter().toInstant().plusSeconds(1);
    await().atMost(LIMIT).until(() -> statusOf(first.nodeId()) == NodeState.READY);
    await()
        .atMost(LIMIT)
        .until(
            () -> {
              assertEquals(NodeState.READY, statusOf(first.nodeId()));
              return Instant.now().isAfter(end);
            });
    addNetwork(manager, "late");
    await().atMost(LIMIT).until(() -> hasNetwork(watch.state(), "late"));

    // New handshakes: with what the node has now, with what is on its disk, and with the old one.
    ClusterClient now = closing(ClusterClient.ofManagers(credentials));
    assertEquals(200, call(now, "GET", AgentMessages.WATCH).statusCode());
    NodeIdentity stored = Objects.requireNonNull(store.load());
    assertTrue(stored.certificate().getNotAfter().toInstant().isAfter(end));
    assertEquals(200, call(client(stored), "GET", AgentMessages.WATCH).statusCode());
    ClusterClient old = client(first);
    assertThrows(IOException.class, () -> call(old, "GET", AgentMessages.WATCH));
  }

  @Test
  void aRenewedCertificateIsShownToWhoeverConnectsNext() throws Exception {
    NodeIdentity node = manager.join("w1");
    X509Certificate before = shown(node);
    assertEquals(manager.identity.certificate(), before);
    KeyPair keys = NodeKeys.generate();
    X509Certificate next =
        manager
            .ca()
            .issue(
                keys.getPublic(),
                manager.identity.nodeId(),
                NodeRole.MANAGER,
                manager.identity.clusterId(),
                Duration.ofHours(1));
    manager.credentials.renew(keys.getPrivate(), next);
    assertEquals(next, shown(node));
  }

  private X509Certificate shown(NodeIdentity node) throws Exception {
    var session = call(client(node), "GET", AgentMessages.WATCH).sslSession().orElseThrow();
    return (X509Certificate) session.getPeerCertificates()[0];
  }

  @Test
  void aRenewalIsForWhomTheCertificateNamesAndNotForARemovedNode() throws Exception {
    NodeIdentity node = manager.join("w1");
    RemoteReports reports = new RemoteReports(managers(), client(node));
    KeyPair keys = NodeKeys.generate();
    new NodeCredentials(node).check(keys, reports.renew(NodeKeys.request(keys)));
    IOException refused = assertThrows(IOException.class, () -> reports.renew("nonsense"));
    assertEquals("no CERTIFICATE REQUEST block in PEM text", refused.getMessage());
    manager.must(new Command.RemoveNode("2026-01-01T00:00:00Z", node.nodeId(), true));
    IOException removed =
        assertThrows(IOException.class, () -> reports.renew(NodeKeys.request(keys)));
    assertEquals(
        "Permission denied: node " + node.nodeId() + " was removed from swarm",
        removed.getMessage());
  }

  @Test
  void aRemovedNodeIsTurnedAway() throws Exception {
    NodeIdentity node = manager.join("w1");
    StateWatch watch = watch(node, "cache");
    watch.start();
    await().atMost(LIMIT).until(watch::connected);
    manager.must(new Command.RemoveNode("2026-01-01T00:00:00Z", node.nodeId(), true));
    await().atMost(LIMIT).until(() -> !watch.refusal().isEmpty());
    assertEquals(
        "Permission denied: node " + node.nodeId() + " was removed from swarm", watch.refusal());
    assertNull(manager.state().nodes().get(node.nodeId()));
  }

  @Test
  void aRemovedNodeIsNotToldTheKeysThatAreMadeBecauseItWent() throws Exception {
    NodeIdentity node = manager.join("w1");
    try (InputStream body = call(client(node), "GET", AgentMessages.WATCH).body()) {
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
      assertTrue(String.valueOf(lines.readLine()).contains("gossipKeys"));
      // The stream takes a breath after each change, so that it tells the next two in one.
      manager.must(new Command.RequestKeyRotation("2026-01-01T00:00:00Z"));
      assertNotNull(lines.readLine());
      manager.must(new Command.RemoveNode("2026-01-01T00:00:00Z", node.nodeId(), true));
      String key = KeyRotator.newKey();
      long version = Objects.requireNonNull(manager.state().cluster()).keysVersion();
      manager.must(new Command.AdvanceKeyRotation("2026-01-01T00:00:00Z", version, key, key));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        assertFalse(line.contains(key), line);
      }
    } catch (IOException e) {
      assertNotNull(e.getMessage()); // the connection has ended
    }
  }

  @Test
  void anotherNodesStreamIsReadAndItsIdentityChecked() throws Exception {
    manager
        .server
        .routes()
        .add(
            Routes.Doors.NODES,
            "GET",
            "/logs",
            exchange -> {
              try (var out = exchange.stream(200, "text/plain")) {
                out.write("line\n".getBytes(StandardCharsets.UTF_8));
              }
            });
    NodeIdentity node = manager.join("w1");
    NodeClient client = new NodeClient(closing(ClusterClient.ofNodes(new NodeCredentials(node))));
    String address = manager.identity.controlAddress();
    try (InputStream body = client.open(manager.identity.nodeId(), address, "/logs")) {
      assertEquals("line\n", new String(body.readAllBytes(), StandardCharsets.UTF_8));
    }
    IOException wrong =
        assertThrows(IOException.class, () -> client.open(node.nodeId(), address, "/logs"));
    assertEquals(
        "at " + address + " is node " + manager.identity.nodeId() + " instead of " + node.nodeId(),
        wrong.getMessage());
  }
}
