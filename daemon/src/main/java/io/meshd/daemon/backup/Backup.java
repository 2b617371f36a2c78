package io.meshd.daemon.backup;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.meshd.daemon.security.ClusterCa;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.security.NodeKeys;
import io.meshd.daemon.security.NodeRole;
import io.meshd.daemon.security.Pem;
import io.meshd.daemon.state.Authority;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.RestoredState;
import io.meshd.daemon.state.StateCodec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.KeyPair;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * All that one manager needs to begin again: who it was, and the whole state with the CA's key,
 * join tokens, the rings of keys and allocators. Its own key is not in it: it gets a new one, with
 * a new certificate. Content of the file: one line of JSON, then the state's JSON.
 *
 * @param managers control addresses of the managers, as the nodes know them
 */
public record Backup(
    String createdAt,
    String nodeId,
    String clusterId,
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
      List<String> managers,
      String advertiseAddress,
      String controlAddress,
      String vtep,
      int dataPathPort) {}

  /**
   * @param state of this manager, with tokens and allocators
   */
  public static Backup of(NodeIdentity manager, ClusterState state, String createdAt) {
    return new Backup(
        createdAt,
        manager.nodeId(),
        manager.clusterId(),
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
      ClusterRecord cluster = state.cluster();
      if (cluster == null || !cluster.id().equals(head.clusterId())) {
        throw new IOException("the backup holds the state of another swarm");
      }
      var _ = ca(cluster);
      return new Backup(
          head.createdAt(),
          head.nodeId(),
          head.clusterId(),
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

  private static ClusterCa ca(ClusterRecord cluster) throws IOException {
    Authority authority = authority(cluster);
    Authority.Next next = authority.next();
    String key = next == null ? authority.key() : next.key();
    if (key == null) {
      throw new IOException("the backup holds no key of the swarm's CA");
    }
    return ClusterCa.of(next == null ? authority.root() : next.root(), key);
  }

  private static Authority authority(ClusterRecord cluster) throws IOException {
    Authority authority = cluster.authority();
    if (authority == null) {
      throw new IOException("the backup holds no key of the swarm's CA");
    }
    return authority;
  }

  /** The manager again, with a new key and a new certificate of the same CA. */
  public NodeIdentity identity() throws IOException {
    ClusterRecord cluster = Objects.requireNonNull(state.cluster());
    ClusterCa ca = ca(cluster);
    KeyPair keys = NodeKeys.generate();
    return new NodeIdentity(
        nodeId,
        clusterId,
        NodeRole.MANAGER,
        keys.getPrivate(),
        ca.issue(keys.getPublic(), nodeId, NodeRole.MANAGER, clusterId, cluster.certificateLife()),
        Pem.certificate(authority(cluster).root()),
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
