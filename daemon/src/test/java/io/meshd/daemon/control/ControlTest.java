package io.meshd.daemon.control;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.http.Routes;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeIdentity;
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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class ControlTest extends ManagerAndNodes {
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
                new ManagerAddresses(List.of(manager), list -> {}),
                client(node),
                cache(cache, node)));
    watch.start();
    return watch;
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
