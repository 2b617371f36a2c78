package io.meshd.daemon.reconcile;

import io.meshd.daemon.state.ClusterState;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * The newest version of the state that this node acted upon, also before a restart. After one, a
 * node may be shown older versions first: from a cache, or while a log is read again. Those do for
 * forwarding, but a task that an old version knows must not be started again, and one that it does
 * not know yet must not be ended.
 */
final class SeenVersion {
  private final Path file;
  private String clusterId = "";
  private long version;

  SeenVersion(Path file) throws IOException {
    this.file = file;
    try {
      String[] words = Files.readString(file).strip().split(" ", -1);
      if (words.length == 2) {
        clusterId = words[0];
        version = Long.parseLong(words[1]);
      }
    } catch (NoSuchFileException e) {
      // None yet.
    }
  }

  /** True for a version older than one seen before; any other is the newest from now on. */
  boolean isStale(ClusterState state) throws IOException {
    String id = state.cluster() == null ? "" : state.cluster().id();
    if (id.equals(clusterId) && state.version() <= version) {
      return state.version() < version;
    }
    clusterId = id;
    version = state.version();
    // Renamed, not synced: a crash of the machine ends the tasks as well.
    Path next = file.resolveSibling(file.getFileName() + ".new");
    Files.write(next, (id + " " + version).getBytes(StandardCharsets.UTF_8));
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    return false;
  }

  void forget() throws IOException {
    Files.deleteIfExists(file);
  }
}
