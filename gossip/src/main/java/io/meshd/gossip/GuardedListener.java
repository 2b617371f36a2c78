package io.meshd.gossip;

import io.meshd.gossip.wire.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a listener's exceptions out of the protocol, which would be left half done: they go where
 * uncaught exceptions go.
 */
record GuardedListener(GossipListener listener) implements GossipListener {
  @Override
  public void member(Member member) {
    guarded(() -> listener.member(member));
  }

  @Override
  public void record(String topic, String owner, String key, @Nullable Bytes value) {
    guarded(() -> listener.record(topic, owner, key, value));
  }

  @Override
  public void follows(String topic, String member, boolean follows) {
    guarded(() -> listener.follows(topic, member, follows));
  }

  @Override
  public void complete(String topic, String owner) {
    guarded(() -> listener.complete(topic, owner));
  }

  private static void guarded(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
  }
}
