package io.meshd.daemon.state;

import io.meshd.daemon.state.KeyRotation.Step;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The keys of gossip and of encrypted networks, and how they are replaced: {@link KeyRotation}. */
final class KeyTransitions {
  private static final int KEY_BYTES = 32;

  private KeyTransitions() {}

  /** Somebody asks, or it is time. One that is on its way is as good. */
  static String request(Draft draft, Command.RequestKeyRotation command) {
    ClusterRecord cluster = draft.requireCluster();
    if (cluster.keyRotation() == null) {
      ClusterEdit edit = cluster.edit();
      edit.keyRotation = new KeyRotation(Step.WANTED, command.at(), false, false);
      draft.cluster = edit.buildKeys(draft);
    }
    return cluster.id();
  }

  /** What a removed node knows is to be worth nothing soon. */
  static void nodeRemoved(Draft draft) {
    ClusterEdit edit = draft.requireCluster().edit();
    KeyRotation now = edit.keyRotation;
    boolean begun = now != null && now.step() != Step.WANTED;
    edit.keyRotation =
        now == null || !begun
            ? new KeyRotation(Step.WANTED, draft.at(), true, false)
            : new KeyRotation(now.step(), now.since(), true, true);
    draft.cluster = edit.buildKeys(draft);
  }

  /** The next step; where a ring is empty, its first key. */
  static String advance(Draft draft, Command.AdvanceKeyRotation command) {
    ClusterRecord cluster = draft.requireCluster();
    if (command.version() != cluster.keysVersion()) {
      throw Refusal.outOfSequence();
    }
    ClusterEdit edit = cluster.edit();
    KeyRotation now = cluster.keyRotation();
    if (cluster.gossipKeys().isEmpty() || cluster.dataKeys().isEmpty()) {
      String gossip = checked(command.gossipKey());
      String data = checked(command.dataKey());
      edit.gossipKeys = cluster.gossipKeys().isEmpty() ? List.of(gossip) : cluster.gossipKeys();
      edit.dataKeys = cluster.dataKeys().isEmpty() ? List.of(data) : cluster.dataKeys();
    } else if (now == null) {
      throw new Refusal(Outcome.Reason.FAILED_PRECONDITION, "no key rotation is wanted");
    } else {
      step(edit, now, command);
    }
    draft.cluster = edit.buildKeys(draft);
    return cluster.id();
  }

  private static void step(ClusterEdit edit, KeyRotation now, Command.AdvanceKeyRotation command) {
    switch (now.step()) {
      case WANTED -> {
        edit.gossipKeys = readable(edit.gossipKeys, checked(command.gossipKey()));
        edit.dataKeys = readable(edit.dataKeys, checked(command.dataKey()));
        edit.keyRotation = new KeyRotation(Step.READABLE, command.at(), now.forget(), now.again());
      }
      case READABLE -> {
        edit.gossipKeys = sending(edit.gossipKeys);
        edit.dataKeys = sending(edit.dataKeys);
        edit.keysRotatedAt = command.at();
        edit.keyRotation = new KeyRotation(Step.SENDING, command.at(), now.forget(), now.again());
      }
      case SENDING -> {
        if (now.forget()) {
          edit.gossipKeys = edit.gossipKeys.subList(0, 1);
          edit.dataKeys = edit.dataKeys.subList(0, 1);
        }
        edit.keyRotation =
            now.again() ? new KeyRotation(Step.WANTED, command.at(), true, false) : null;
      }
    }
  }

  /** The new key behind the one that is sent with; of older ones the newest. */
  private static List<String> readable(List<String> ring, String key) {
    if (ring.contains(key)) {
      throw Refusal.invalid("invalid key: it is in the ring");
    }
    List<String> next = new ArrayList<>(ring);
    next.add(1, key);
    return next.subList(0, Math.min(next.size(), ClusterRecord.MOST_KEYS));
  }

  private static List<String> sending(List<String> ring) {
    return List.of(ring.get(1), ring.get(0));
  }

  /** Says nothing of the key itself: refusals are logged. */
  private static String checked(@Nullable String key) {
    try {
      if (key != null && Base64.getDecoder().decode(key).length == KEY_BYTES) {
        return key;
      }
    } catch (IllegalArgumentException _) {
      // said below
    }
    throw Refusal.invalid("invalid key: it takes " + KEY_BYTES + " bytes as base64");
  }
}
