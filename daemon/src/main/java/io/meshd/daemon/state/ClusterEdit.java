package io.meshd.daemon.state;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A {@link ClusterRecord} on its way to the next one: what may change, by name. */
final class ClusterEdit {
  private final ClusterRecord old;
  private long version;
  private long keysVersion;
  private String updatedAt;
  String workerToken;
  String managerToken;
  int taskHistoryLimit;
  List<String> gossipKeys;
  long nodeCertExpiry;
  List<String> dataKeys;
  @Nullable String keysRotatedAt;
  @Nullable Authority authority;
  @Nullable String unlockKey;
  @Nullable KeyRotation keyRotation;

  ClusterEdit(ClusterRecord old) {
    this.old = old;
    version = old.version();
    updatedAt = old.updatedAt();
    workerToken = old.workerToken();
    managerToken = old.managerToken();
    taskHistoryLimit = old.taskHistoryLimit();
    gossipKeys = old.gossipKeys();
    nodeCertExpiry = old.nodeCertExpiry();
    dataKeys = old.dataKeys();
    keysRotatedAt = old.keysRotatedAt();
    authority = old.authority();
    unlockKey = old.unlockKey();
    keyRotation = old.keyRotation();
    keysVersion = old.keysVersion();
  }

  /** As the draft's version, which changes it. */
  ClusterRecord build(Draft draft) {
    version = draft.version();
    updatedAt = draft.at();
    return build();
  }

  /** Of keys and their rotation alone. */
  ClusterRecord buildKeys(Draft draft) {
    keysVersion = draft.version();
    return build();
  }

  ClusterRecord build() {
    return new ClusterRecord(
        old.id(),
        version,
        old.createdAt(),
        updatedAt,
        old.addressPools(),
        old.subnetSize(),
        old.dataPathPort(),
        workerToken,
        managerToken,
        taskHistoryLimit,
        gossipKeys,
        nodeCertExpiry,
        dataKeys,
        keysRotatedAt,
        authority,
        unlockKey,
        keyRotation,
        keysVersion);
  }
}
