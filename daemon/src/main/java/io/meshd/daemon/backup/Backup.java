package io.meshd.daemon.backup;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.meshd.daemon.security.ClusterCa;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.security.NodeKeys;
import io.meshd.daemon.security.NodeRole;
import io.meshd.daemon.security.Pem;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.RestoredState;
import io.meshd.daemon.state.StateCodec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.KeyPair;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * All that one manager needs to begin again: who it was, the cluster's CA with its key, and the
 * whole state with join tokens, gossip keys and allocators. Its own key is not in it: it gets a new
 * one, with a new certificate. Content of the file: one line of JSON, then the state's JSON.
 *
 * @param managers control addresses of the managers, as the nodes know them
 */
public record Backup(
    String createdAt,
    String nodeId,
    String clusterId,
    ClusterCa ca,
    List<String> managers,
    String advertiseAddress,
    String controlAddress,
    String vtep,
    int dataPathPort,
    ClusterState state) {
  private static final ObjectMapper MAPPER = JsonMapper.builder().build();

  /** Of records in one command; leaves room in the log's entries of 256 KiB. */
  private static final int COMMAND_BYTES = 128 << 10;

  /** The content's first line. */
  private record Head(
      String createdAt,
      String nodeId,
      String clusterId,
      String root,
      String key,
      List<String> managers,
      String advertiseAddress,
      String controlAddress,
      String vtep,
      int dataPathPort) {}

  /**
   * @param state of this manager, with tokens and allocators
   */
  public static Backup of(
      NodeIdentity manager, ClusterCa ca, ClusterState state, String createdAt) {
    return new Backup(
        createdAt,
        manager.nodeId(),
        manager.clusterId(),
        ca,
        manager.managers(),
        manager.advertiseAddress(),
        manager.controlAddress(),
        manager.vtep(),
        manager.dataPathPort(),
        state);
  }

  public byte[] toFile() {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    try {
      content.writeBytes(
          MAPPER.writeValueAsBytes(
              new Head(
                  createdAt,
                  nodeId,
                  clusterId,
                  Pem.of(ca.root()),
                  ca.keyPem(),
                  managers,
                  advertiseAddress,
                  controlAddress,
                  vtep,
                  dataPathPort)));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
    content.write('\n');
    content.writeBytes(StateCodec.encode(state));
    return BackupFile.write(content.toByteArray());
  }

  /**
   * @throws IOException in a sentence when the file is none that this meshd can use
   */
  public static Backup ofFile(byte[] file) throws IOException {
    byte[] content = BackupFile.read(file);
    int end = 0;
    while (end < content.length && content[end] != '\n') {
      end++;
    }
    if (end == content.length) {
      throw new IOException("the backup holds no state");
    }
    try {
      Head head = MAPPER.readValue(content, 0, end, Head.class);
      ClusterState state = StateCodec.decode(Arrays.copyOfRange(content, end + 1, content.length));
      if (state.cluster() == null || !state.cluster().id().equals(head.clusterId())) {
        throw new IOException("the backup holds the state of another swarm");
      }
      return new Backup(
          head.createdAt(),
          head.nodeId(),
          head.clusterId(),
          ClusterCa.of(head.root(), head.key()),
          head.managers(),
          head.advertiseAddress(),
          head.controlAddress(),
          head.vtep(),
          head.dataPathPort(),
          state);
    } catch (JsonProcessingException | UncheckedIOException e) {
      throw new IOException("the backup holds what this meshd cannot read", e);
    }
  }

  /** The manager again, with a new key and a new certificate of the same CA. */
  public NodeIdentity identity() {
    KeyPair keys = NodeKeys.generate();
    ClusterRecord cluster = state.cluster();
    Duration life =
        Duration.ofNanos(
            cluster == null ? ClusterRecord.DEFAULT_CERT_EXPIRY : cluster.nodeCertExpiry());
    return new NodeIdentity(
        nodeId,
        clusterId,
        NodeRole.MANAGER,
        keys.getPrivate(),
        ca.issue(keys.getPublic(), nodeId, NodeRole.MANAGER, clusterId, life),
        ca.root(),
        managers,
        advertiseAddress,
        controlAddress,
        vtep,
        dataPathPort);
  }

  /** What an empty log is to be told, in this order. */
  public List<Command> commands(String at) {
    return RestoredState.commands(state, at, COMMAND_BYTES);
  }
}
