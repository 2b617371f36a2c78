package io.meshd.daemon.raft;

import io.atomix.cluster.MemberId;
import io.atomix.protocols.raft.cluster.RaftMember;
import io.atomix.protocols.raft.cluster.impl.DefaultRaftMember;
import io.atomix.protocols.raft.storage.RaftStorage;
import io.atomix.protocols.raft.storage.log.RaftLog;
import io.atomix.protocols.raft.storage.system.Configuration;
import io.atomix.protocols.raft.storage.system.MetaStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes what is left of a lost majority a log of its own: the configuration names this member
 * alone, under a new name, so that nothing that the others may still say reaches it. The log stays
 * as it is, with all that this member ever had; what was not committed is committed with it.
 */
final class ForcedAlone {
  private ForcedAlone() {}

  /** The member's new name. Can be repeated after a crash. */
  static String of(Path directory, RaftStorage storage) throws IOException {
    MetaStore meta = storage.openMetaStore();
    try {
      Configuration known = meta.loadConfiguration();
      if (known == null) {
        throw new IOException("there is no Raft log in " + directory);
      }
      String old = MemberFile.read(directory);
      String name =
          MemberFile.fresh(
              Transport.nodeOf(
                  old == null ? known.members().iterator().next().memberId().id() : old));
      long last = lastIndex(storage);
      MemberFile.write(directory, name);
      Instant now = Instant.now();
      meta.storeTerm(meta.loadTerm() + 1);
      meta.storeVote(null);
      meta.storeConfiguration(
          new Configuration(
              Math.max(known.index(), last) + 1,
              meta.loadTerm(),
              now.toEpochMilli(),
              // Of a class that the format has a number for.
              new ArrayList<>(
                  List.of(
                      new DefaultRaftMember(MemberId.from(name), RaftMember.Type.ACTIVE, now)))));
      return name;
    } finally {
      meta.close();
    }
  }

  private static long lastIndex(RaftStorage storage) {
    RaftLog log = storage.openLog();
    try {
      return log.writer().getLastIndex();
    } finally {
      log.close();
    }
  }
}
