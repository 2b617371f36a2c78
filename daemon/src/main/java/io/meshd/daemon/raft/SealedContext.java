package io.meshd.daemon.raft;

import io.atomix.cluster.ClusterMembershipService;
import io.atomix.cluster.MemberId;
import io.atomix.protocols.raft.impl.RaftContext;
import io.atomix.protocols.raft.protocol.RaftServerProtocol;
import io.atomix.protocols.raft.storage.RaftStorage;
import io.atomix.protocols.raft.storage.log.RaftLogWriter;
import io.atomix.protocols.raft.storage.snapshot.SnapshotStore;
import io.atomix.utils.concurrent.ThreadContextFactory;
import io.meshd.daemon.disk.DataKeys;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A Raft server whose snapshots are {@link SealedSnapshots}, and whose log is written by a {@link
 * RoomyWriter}: all of Atomix asks here for them.
 */
final class SealedContext extends RaftContext {
  private final SealedSnapshots snapshots;

  /** Null while the server is being made, when nothing is written. */
  private final @Nullable RoomyWriter writer;

  /** {@code broke}: as of {@link RoomyWriter}. */
  SealedContext(
      MemberId self,
      ClusterMembershipService membership,
      RaftServerProtocol protocol,
      RaftStorage storage,
      DataKeys keys,
      MachineType type,
      ThreadContextFactory threads,
      DiskSpace disk,
      Consumer<String> broke) {
    super("meshd", self, membership, protocol, storage, type, threads, true);
    snapshots = new SealedSnapshots(storage, keys);
    writer = new RoomyWriter(getLog(), disk, broke);
  }

  @Override
  public SnapshotStore getSnapshotStore() {
    return snapshots;
  }

  @Override
  public RaftLogWriter getLogWriter() {
    return writer == null ? super.getLogWriter() : writer;
  }
}
