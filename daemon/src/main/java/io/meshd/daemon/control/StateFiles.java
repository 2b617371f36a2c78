package io.meshd.daemon.control;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.meshd.daemon.disk.DataKeys;
import io.meshd.daemon.disk.DurableFiles;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.RegistryAuth;
import io.meshd.daemon.state.RegistryAuths;
import io.meshd.daemon.state.StateCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a node keeps the last state. The keys in it (of gossip and of encrypted networks) are not
 * with the rest: on the disk they are sealed, and in clear only in memory, so that a daemon that is
 * started again while its own keys are locked goes on with them, and a machine that is does not.
 * Nor are the credentials of registries, of which only the node's own are kept, sealed.
 *
 * @param state JSON
 * @param sealedKeys as {@link DataKeys} seals
 * @param keysInMemory on a file system that a reboot ends
 * @param sealedAuths as the keys; there while there are any
 */
public record StateFiles(Path state, Path sealedKeys, Path keysInMemory, Path sealedAuths) {
  private static final Logger LOG = LoggerFactory.getLogger(StateFiles.class);
  private static final ObjectMapper MAPPER = JsonMapper.builder().build();
  private static final String KIND = "cluster keys";
  private static final String AUTHS = "registry credentials";

  private record Rings(List<String> gossip, List<String> data) {}

  /**
   * {@code state.json}, {@code state.keys}, {@code state.auths} and, in {@code runDir}, {@code
   * state.keys}.
   */
  public static StateFiles of(Path dataDir, Path runDir) {
    return new StateFiles(
        dataDir.resolve("state.json"),
        dataDir.resolve("state.keys"),
        runDir.resolve("state.keys"),
        dataDir.resolve("state.auths"));
  }

  /** {@code keys}: null while they are locked. */
  ClusterState load(@Nullable DataKeys keys) throws IOException {
    if (!Files.exists(state)) {
      return ClusterState.empty();
    }
    ClusterState kept =
        RegistryAuths.with(StateCodec.decode(Files.readAllBytes(state)), auths(keys));
    ClusterRecord cluster = kept.cluster();
    // An older version kept them with the rest.
    if (cluster == null || !cluster.gossipKeys().isEmpty()) {
      return kept;
    }
    Rings rings = rings(keys);
    return rings == null ? kept : kept.withKeys(rings.gossip, rings.data);
  }

  private @Nullable Rings rings(@Nullable DataKeys keys) throws IOException {
    if (keys != null && Files.exists(sealedKeys)) {
      try {
        return MAPPER.readValue(keys.open(KIND, Files.readAllBytes(sealedKeys)), Rings.class);
      } catch (DataKeys.UnknownKeyException | IllegalArgumentException | IOException e) {
        LOG.warn("{} cannot be read: {}", sealedKeys, e.getMessage());
      }
    }
    return Files.exists(keysInMemory)
        ? MAPPER.readValue(Files.readAllBytes(keysInMemory), Rings.class)
        : null;
  }

  /** By task, as {@link RegistryAuths#ofTasks}; without those that cannot be opened. */
  Map<String, RegistryAuth> auths(@Nullable DataKeys keys) throws IOException {
    if (keys != null && Files.exists(sealedAuths)) {
      try {
        return MAPPER.readValue(
            keys.open(AUTHS, Files.readAllBytes(sealedAuths)), new TypeReference<>() {});
      } catch (DataKeys.UnknownKeyException | IllegalArgumentException | IOException e) {
        LOG.warn("{} cannot be read: {}", sealedAuths, e.getMessage());
      }
    }
    return Map.of();
  }

  /** Before the state that they belong to. */
  void keepAuths(Map<String, RegistryAuth> byTask, DataKeys keys) throws IOException {
    if (byTask.isEmpty()) {
      DurableFiles.delete(sealedAuths);
    } else {
      DurableFiles.write(sealedAuths, keys.seal(AUTHS, MAPPER.writeValueAsBytes(byTask)));
    }
  }

  /** Before the state that they belong to. */
  void keepKeys(ClusterRecord cluster, DataKeys keys) throws IOException {
    byte[] rings = MAPPER.writeValueAsBytes(new Rings(cluster.gossipKeys(), cluster.dataKeys()));
    DurableFiles.write(sealedKeys, keys.seal(KIND, rings));
    DurableFiles.write(keysInMemory, rings);
  }

  void keep(ClusterState newest) throws IOException {
    ClusterState clear = RegistryAuths.with(newest.withKeys(List.of(), List.of()), Map.of());
    DurableFiles.write(state, StateCodec.encode(clear));
  }

  /** The node has left, or begins anew. */
  public void delete() throws IOException {
    for (Path file : List.of(state, sealedKeys, keysInMemory, sealedAuths)) {
      Files.deleteIfExists(file);
    }
  }
}
