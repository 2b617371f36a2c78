package io.meshd.daemon.security;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SecurityTest {
  private static final String NODE = "1a2b3c4d5e6f7g8h9i0j1k2l3";

  @TempDir Path folder;
  private final ClusterCa ca = ClusterCa.create();
  private final KeyPair keys = NodeKeys.generate();

  private NodeIdentity identity(NodeRole role) throws IOException {
    return new NodeIdentity(
        NODE,
        "cluster1",
        role,
        keys.getPrivate(),
        ca.sign(NodeKeys.request(keys), NODE, role, "cluster1", Duration.ofDays(90)),
        ca.root(),
        List.of("10.99.0.1:2377"),
        "10.99.0.2",
        "10.99.0.2:2377",
        "10.99.0.2",
        4789);
  }

  @Test
  void aSignedCertificateSaysWhoTheNodeIs() throws Exception {
    X509Certificate leaf = identity(NodeRole.WORKER).certificate();
    assertEquals(NODE, ClusterTrust.subjectPart(leaf, "CN"));
    assertEquals("swarm-worker", ClusterTrust.subjectPart(leaf, "OU"));
    assertEquals("cluster1", ClusterTrust.subjectPart(leaf, "O"));
    assertEquals(keys.getPublic(), leaf.getPublicKey());
    issued(leaf, ca.root());
    Instant end = leaf.getNotAfter().toInstant();
    assertTrue(end.isAfter(Instant.now().plus(Duration.ofDays(89))));
    assertTrue(end.isBefore(Instant.now().plus(Duration.ofDays(91))));
    assertTrue(
        ca.root().getNotAfter().toInstant().isAfter(Instant.now().plus(Duration.ofDays(19 * 365))));
  }

  @Test
  void itIsRenewedBeforeHalfOfItsLifeAndAtOnceWhereThatBecameShorter() throws Exception {
    for (int i = 0; i < 50; i++) {
      X509Certificate leaf =
          ca.issue(keys.getPublic(), NODE, NodeRole.WORKER, "cluster1", Duration.ofDays(90));
      Instant now = Instant.now();
      Instant due = RenewalTime.of(leaf, Duration.ofDays(90));
      assertTrue(due.isAfter(now.plus(Duration.ofDays(90).dividedBy(100).multipliedBy(39))));
      assertTrue(due.isBefore(now.plus(Duration.ofDays(45))));
      assertEquals(due, RenewalTime.of(leaf, Duration.ofDays(400)), "its own end counts");
      Instant sooner = RenewalTime.of(leaf, Duration.ofHours(1));
      assertTrue(sooner.isBefore(now.plusSeconds(2)));
    }
  }

  @Test
  void onlyTheNodesOwnRenewedCertificateIsTaken() throws Exception {
    NodeCredentials credentials = new NodeCredentials(identity(NodeRole.WORKER));
    KeyPair fresh = NodeKeys.generate();
    Duration life = Duration.ofHours(1);
    credentials.check(fresh, ca.issue(fresh.getPublic(), NODE, NodeRole.WORKER, "cluster1", life));
    for (X509Certificate wrong :
        List.of(
            ca.issue(keys.getPublic(), NODE, NodeRole.WORKER, "cluster1", life),
            ca.issue(fresh.getPublic(), "other", NodeRole.WORKER, "cluster1", life),
            ca.issue(fresh.getPublic(), NODE, NodeRole.MANAGER, "cluster1", life),
            ca.issue(fresh.getPublic(), NODE, NodeRole.WORKER, "cluster1", Duration.ofSeconds(-1)),
            ClusterCa.create().issue(fresh.getPublic(), NODE, NodeRole.WORKER, "cluster1", life))) {
      assertThrows(IOException.class, () -> credentials.check(fresh, wrong));
    }
  }

  @Test
  void aCertificateOfAnotherClusterIsNotTrusted() throws Exception {
    X509Certificate leaf = identity(NodeRole.WORKER).certificate();
    X509Certificate otherRoot = ClusterCa.create().root();
    assertThrows(CertificateException.class, () -> issued(leaf, otherRoot));
    assertThrows(
        CertificateException.class,
        () -> issued(ca.root(), ca.root()),
        "the root itself is no node");
  }

  @Test
  void aRequestThatIsNoneIsRefusedInWords() {
    IOException refused =
        assertThrows(
            IOException.class,
            () -> ca.sign("x", NODE, NodeRole.WORKER, "cluster1", Duration.ofDays(90)));
    assertEquals("no CERTIFICATE REQUEST block in PEM text", refused.getMessage());
    assertThrows(
        IOException.class,
        () ->
            ca.sign(
                "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
                NODE,
                NodeRole.WORKER,
                "cluster1",
                Duration.ofDays(90)));
  }

  @Test
  void tokensHaveSwarmsForm() {
    for (int i = 0; i < 50; i++) {
      JoinToken token = JoinToken.create(ca.root());
      assertTrue(token.toString().matches("SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}"), token.toString());
      assertEquals(token, JoinToken.parse(token.toString()));
      assertTrue(token.sameAs(token.toString()));
      assertFalse(token.sameAs(JoinToken.create(ca.root()).toString()));
      assertEquals(JoinToken.digestOf(ca.root()), token.digest());
    }
  }

  @Test
  void aWrongTokenIsNamedInSwarmsWords() {
    for (String text :
        List.of("", "x", "SWMTKN-1-a-b", "SWMTKN-2-" + "a".repeat(50) + "-" + "b".repeat(25))) {
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, () -> JoinToken.parse(text));
      assertEquals("invalid join token", refused.getMessage());
    }
  }

  @Test
  void anIdentityIsThereAgainAndOnlyRootReadsIt() throws Exception {
    IdentityStore store = new IdentityStore(folder.resolve("cluster"));
    assertNull(store.load());
    NodeIdentity identity = identity(NodeRole.MANAGER);
    store.save(identity);
    assertEquals(identity, store.load());
    store.saveManagers(List.of("10.99.0.7:2377"));
    NodeIdentity moved = store.load();
    assertNotNull(moved);
    assertEquals(List.of("10.99.0.7:2377"), moved.managers());
    try (Stream<Path> files = Files.list(folder.resolve("cluster"))) {
      for (Path file : files.toList()) {
        assertEquals(
            "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
      }
    }
    store.delete();
    assertNull(store.load());
  }

  @Test
  void lockedKeysOpenWithTheUnlockKeyAlone() throws Exception {
    Path place = folder.resolve("locked");
    IdentityStore store = new IdentityStore(place);
    NodeIdentity identity = identity(NodeRole.MANAGER);
    store.save(identity);
    byte[] sealed = store.dataKeys().seal("text", new byte[] {1, 2, 3});
    UnlockKey key = UnlockKey.drawn();
    store.lock(UnlockKey.parse(key.toString()));
    byte[] later = store.dataKeys().seal("text", new byte[] {4});

    String file = Files.readString(place.resolve("node.pem"));
    assertFalse(file.contains("PRIVATE KEY"), file);
    IdentityStore again = new IdentityStore(place);
    NodeIdentity locked = again.load();
    assertNotNull(locked);
    assertTrue(locked.locked());
    assertEquals(identity.certificate(), locked.certificate());
    assertThrows(IllegalStateException.class, again::dataKeys);
    assertNull(again.unlock(UnlockKey.drawn()));
    assertEquals(identity, again.unlock(key));
    assertArrayEquals(new byte[] {1, 2, 3}, again.dataKeys().open("text", sealed));
    assertArrayEquals(new byte[] {4}, again.dataKeys().open("text", later));

    again.lock(UnlockKey.drawn());
    assertNull(new IdentityStore(place).unlock(key));
    again.lock(null);
    assertEquals(identity, new IdentityStore(place).load());
  }

  @Test
  void aWorkersKeysAreNotLocked() throws Exception {
    IdentityStore store = new IdentityStore(folder.resolve("demoted"));
    store.save(identity(NodeRole.MANAGER));
    store.lock(UnlockKey.drawn());
    NodeIdentity worker = identity(NodeRole.WORKER);
    store.save(worker);
    // The last that it hears as a manager.
    assertFalse(store.lock(UnlockKey.drawn()));
    assertEquals(worker, new IdentityStore(folder.resolve("demoted")).load());
  }

  /** As before there were data keys. */
  @Test
  void aKeyFileOfAnOlderVersionGetsDataKeys() throws Exception {
    Path place = folder.resolve("old");
    NodeIdentity identity = identity(NodeRole.MANAGER);
    new IdentityStore(place).save(identity);
    PrivateKey own = Objects.requireNonNull(identity.key());
    Files.writeString(place.resolve("node.pem"), Pem.of(own) + Pem.of(identity.certificate()));
    IdentityStore store = new IdentityStore(place);
    assertEquals(identity, store.load());
    byte[] sealed = store.dataKeys().seal("text", new byte[1]);
    IdentityStore again = new IdentityStore(place);
    assertEquals(identity, again.load());
    assertEquals(1, again.dataKeys().open("text", sealed).length);
  }

  @Test
  void whatIsNoUnlockKeyIsNamedInSwarmsWords() {
    for (String text :
        List.of("", "x", "SWMKEY-1-", "SWMKEY-1-%%", "SWMTKN-1-a-b", "SWMKEY-1-AAAA")) {
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, () -> UnlockKey.parse(text));
      assertEquals("invalid key string", refused.getMessage());
    }
    assertTrue(UnlockKey.drawn().toString().matches("SWMKEY-1-[A-Za-z0-9+/]{43}"));
  }

  private static void issued(X509Certificate leaf, X509Certificate root)
      throws CertificateException {
    TrustedRoots.of(root).requireIssued(new X509Certificate[] {leaf});
  }

  @Test
  void whileTheRootIsReplacedEverybodyBelievesEverybody() throws Exception {
    ClusterCa next = ClusterCa.create();
    TrustedRoots both = new TrustedRoots(ca.root(), next.root(), ca.crossSign(next));
    X509Certificate before = identity(NodeRole.WORKER).certificate();
    X509Certificate after =
        next.issue(keys.getPublic(), NODE, NodeRole.WORKER, "cluster1", Duration.ofDays(90));
    TrustedRoots old = TrustedRoots.of(ca.root());
    TrustedRoots only = TrustedRoots.of(next.root());
    for (X509Certificate leaf : List.of(before, after)) {
      both.requireIssued(both.chain(leaf));
      both.requireIssued(new X509Certificate[] {leaf});
      // A node that has not heard of it yet.
      old.requireIssued(both.chain(leaf));
    }
    only.requireIssued(both.chain(after));
    only.requireIssued(only.chain(after));
    assertThrows(CertificateException.class, () -> only.requireIssued(both.chain(before)));
    assertThrows(CertificateException.class, () -> old.requireIssued(only.chain(after)));
    // A stranger's authority in the chain convinces nobody.
    ClusterCa stranger = ClusterCa.create();
    X509Certificate forged =
        stranger.issue(keys.getPublic(), NODE, NodeRole.MANAGER, "cluster1", Duration.ofDays(1));
    for (X509Certificate above :
        List.of(stranger.root(), stranger.crossSign(stranger), before, both.chain(after)[1])) {
      assertThrows(
          CertificateException.class,
          () -> both.requireIssued(new X509Certificate[] {forged, above, ca.root()}));
    }
    assertEquals(both, TrustedRoots.ofPem(both.toPem()));
    assertEquals(old, TrustedRoots.ofPem(old.toPem()));
  }
}
