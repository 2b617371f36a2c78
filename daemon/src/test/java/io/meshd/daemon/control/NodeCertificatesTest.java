package io.meshd.daemon.control;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.security.ClusterCa;
import io.meshd.daemon.security.IdentityStore;
import io.meshd.daemon.security.JoinToken;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.security.NodeKeys;
import io.meshd.daemon.security.NodeRole;
import io.meshd.daemon.security.TlsContexts;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.NodeRecord.NodeState;
import java.io.IOException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class NodeCertificatesTest extends ManagerAndNodes {
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
        closing(new ClusterClient(TlsContexts.joining(JoinToken.parse(manager.workerToken()))));
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
    StateWatch watch = closing(new StateWatch(managers(), client, cache("cache", first)));
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
}
