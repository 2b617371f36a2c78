package io.meshd.daemon.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.security.ClusterCa;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.security.NodeKeys;
import io.meshd.daemon.security.NodeRole;
import io.meshd.daemon.state.Authority;
import io.meshd.daemon.state.StateCodec;
import io.meshd.daemon.state.TestCluster;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.KeyPair;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class BackupTest {
  private final ClusterCa ca = ClusterCa.create();
  private final TestCluster cluster =
      TestCluster.of(3, new Authority(ca.rootPem(), ca.keyPem(), null));
  private final byte[] file = backup("cluster").toFile();

  private Backup backup(String clusterId) {
    KeyPair keys = NodeKeys.generate();
    NodeIdentity manager =
        new NodeIdentity(
            "n1",
            clusterId,
            NodeRole.MANAGER,
            keys.getPrivate(),
            ca.issue(
                keys.getPublic(), "n1", NodeRole.MANAGER, clusterId, java.time.Duration.ofDays(1)),
            ca.root(),
            List.of("192.0.2.1:2377"),
            "192.0.2.1",
            "192.0.2.1:2377",
            "192.0.2.7",
            4790);
    return Backup.of(manager, cluster.state(), "2026-01-01T00:00:00Z");
  }

  private static String refusal(byte[] file) {
    return String.valueOf(assertThrows(IOException.class, () -> Backup.ofFile(file)).getMessage());
  }

  @Test
  void theManagerComesBackWithANewKeyOfTheSameAuthority() throws Exception {
    Backup read = Backup.ofFile(file);
    assertEquals(
        new String(StateCodec.encode(cluster.state()), java.nio.charset.StandardCharsets.UTF_8),
        new String(StateCodec.encode(read.state()), java.nio.charset.StandardCharsets.UTF_8));
    NodeIdentity identity = read.identity();
    identity.certificate().verify(ca.root().getPublicKey());
    assertEquals("n1", identity.nodeId());
    assertEquals("cluster", identity.clusterId());
    assertEquals("192.0.2.7", identity.vtep());
    assertEquals(4790, identity.dataPathPort());
    assertNotEquals(identity.key(), read.identity().key());
  }

  @Test
  void everyFlippedByteAndEveryLostEndIsNoticed() {
    for (int i = 0; i < file.length; i++) {
      byte[] flipped = file.clone();
      flipped[i] ^= 0x10;
      refusal(flipped);
      refusal(Arrays.copyOf(file, i));
    }
    refusal(Arrays.copyOf(file, file.length + 1));
    byte[] flipped = file.clone();
    flipped[file.length / 2] ^= 1;
    assertEquals("the backup is damaged: its checksum does not match", refusal(flipped));
    assertEquals(
        "the backup is cut short: it holds 100 of %d bytes".formatted(file.length - 48),
        refusal(Arrays.copyOf(file, 148)));
    assertEquals(
        "the backup is cut short: it ends in its header", refusal(Arrays.copyOf(file, 20)));
  }

  @Test
  void anotherFormatAndAnotherFileAreNamed() {
    byte[] newer = file.clone();
    ByteBuffer.wrap(newer).putInt(8, 2);
    assertEquals(
        "the backup has format 2 and this meshd reads 1: restore it with a newer meshd",
        refusal(newer));
    assertEquals(
        "the file is no backup of a swarm",
        refusal("not a backup at all".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
    assertEquals("the file is no backup of a swarm", refusal(new byte[0]));
    assertEquals(
        "the backup holds the state of another swarm", refusal(backup("another").toFile()));
    assertTrue(
        refusal(BackupFile.write("{}".getBytes(java.nio.charset.StandardCharsets.UTF_8)))
            .contains("no state"));
    assertTrue(
        refusal(BackupFile.write("{}\n{}".getBytes(java.nio.charset.StandardCharsets.UTF_8)))
            .startsWith("the backup holds "));
  }

  @Test
  void aKeyOfAnotherAuthorityIsRefused() {
    IOException mixed =
        assertThrows(
            IOException.class,
            () ->
                ClusterCa.of(
                    io.meshd.daemon.security.Pem.of(ca.root()), ClusterCa.create().keyPem()));
    assertEquals(
        "the key of the cluster's CA does not belong to its certificate", mixed.getMessage());
  }
}
