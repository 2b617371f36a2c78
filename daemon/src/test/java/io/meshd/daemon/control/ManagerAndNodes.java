package io.meshd.daemon.control;

import io.meshd.api.Networks;
import io.meshd.daemon.disk.DataKeys;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.NodeRecord.NodeState;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A manager on loopback and what nodes talk to it with; all of it ends with the test. */
@Timeout(60)
abstract class ManagerAndNodes {
  static final Duration LIMIT = Duration.ofSeconds(20);
  @TempDir Path folder;
  TestManager manager;
  final DataKeys diskKeys = DataKeys.drawn();
  private final List<AutoCloseable> closing = new ArrayList<>();

  @SuppressWarnings("NullAway.Init") // set before each test
  ManagerAndNodes() {}

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

  <T extends AutoCloseable> T closing(T part) {
    closing.add(part);
    return part;
  }

  void restartManager() throws Exception {
    manager.close();
    manager = TestManager.reopen(folder.resolve("manager"));
  }

  ClusterClient client(NodeIdentity node) {
    return closing(ClusterClient.ofManagers(new NodeCredentials(node)));
  }

  ManagerAddresses managers() {
    return new ManagerAddresses(List.of(manager.identity.controlAddress()), list -> {});
  }

  StateCache cache(String name, NodeIdentity node) {
    return new StateCache(files(name), diskKeys, node.nodeId());
  }

  StateFiles files(String name) {
    Path place = folder.resolve(name);
    return StateFiles.of(place, place.resolve("run"));
  }

  StateWatch watch(NodeIdentity node, String cache) {
    return closing(new StateWatch(managers(), client(node), cache(cache, node)));
  }

  static String addNetwork(TestManager manager, String name) {
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

  HttpResponse<InputStream> call(ClusterClient client, String method, String target)
      throws Exception {
    return client.send(
        manager.identity.controlAddress(),
        method,
        target,
        Map.of(),
        new byte[0],
        Duration.ofSeconds(5));
  }

  NodeState statusOf(String nodeId) {
    NodeRecord node = manager.state().nodes().get(nodeId);
    return node == null ? NodeState.UNKNOWN : node.status();
  }

  static boolean hasNetwork(ClusterState state, String name) {
    return state.networks().values().stream().anyMatch(network -> network.name().equals(name));
  }
}
