package io.meshd.gossip.membership;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Picks other members: at random, and one after the other in an order shuffled anew each time. */
public final class Draw {
  private final RandomGenerator random;
  private final List<Peer> others = new ArrayList<>();
  private final List<Peer> ring = new ArrayList<>();

  Draw(RandomGenerator random) {
    this.random = random;
  }

  void add(Peer peer) {
    others.add(peer);
    if (!ring.isEmpty()) {
      // A random place in the running order: a new member must not wait for all others.
      ring.add(random.nextInt(ring.size() + 1), peer);
    }
  }

  void remove(Peer peer) {
    others.remove(peer);
    ring.remove(peer);
  }

  /** Up to so many different others. */
  public List<Peer> some(int count, Predicate<Peer> wanted) {
    List<Peer> some = new ArrayList<>(count);
    for (int i = 0; i < others.size() && some.size() < count; i++) {
      Collections.swap(others, i, i + random.nextInt(others.size() - i));
      if (wanted.test(others.get(i))) {
        some.add(others.get(i));
      }
    }
    return some;
  }

  /** The next living member in turn; null when there is none. */
  public @Nullable Peer next() {
    for (int round = 0; round < 2; round++) {
      while (!ring.isEmpty()) {
        Peer peer = ring.removeLast();
        if (peer.lives()) {
          return peer;
        }
      }
      for (Peer peer : others) {
        if (peer.lives()) {
          ring.add(peer);
        }
      }
      for (int i = ring.size() - 1; i > 0; i--) {
        Collections.swap(ring, i, random.nextInt(i + 1));
      }
    }
    return null;
  }
}
