package io.meshd.gossip.membership;

import io.meshd.gossip.spi.Transport;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * News to be told. What was told least often goes first, then the newest; of one subject only the
 * last word is kept. Own news goes before what is told on for others, so that relays never starve
 * it, and the queue of relayed news is bounded: what falls out is found by the next sync.
 */
public final class BroadcastQueue {
  /** Looking further for what still fits is not worth it. */
  private static final int MAX_MISFITS = 64;

  private static final Comparator<News> ORDER =
      Comparator.comparing((News news) -> !news.own)
          .thenComparingInt(news -> news.told)
          .thenComparing(Comparator.comparingLong((News news) -> news.id).reversed());

  private final int maxRelayed;
  private final Runnable wake;
  private final TreeSet<News> order = new TreeSet<>(ORDER);
  private final Map<Object, News> bySubject = new HashMap<>();
  private long nextId;
  private int relayed;
  private long dropped;

  private static final class News {
    final Object subject;
    final byte[] message;
    final boolean own;
    final long id;
    final @Nullable Runnable done;
    int told;

    News(Object subject, byte[] message, boolean own, long id, @Nullable Runnable done) {
      this.subject = subject;
      this.message = message;
      this.own = own;
      this.id = id;
      this.done = done;
    }
  }

  /**
   * An empty queue.
   *
   * @param wake called when something new is to be told
   */
  public BroadcastQueue(int maxRelayed, Runnable wake) {
    this.maxRelayed = maxRelayed;
    this.wake = wake;
  }

  /** Replaces what was to be told of the subject. */
  public void add(Object subject, byte[] message, boolean own) {
    add(subject, message, own, null);
  }

  /**
   * The same.
   *
   * @param done called once, when it has been told as often as it will be, or replaced
   */
  public void add(Object subject, byte[] message, boolean own, @Nullable Runnable done) {
    News news = new News(subject, message, own, nextId++, done);
    News before = bySubject.put(subject, news);
    if (before != null) {
      remove(before);
    }
    order.add(news);
    if (!own && ++relayed > maxRelayed) {
      News last = order.last();
      bySubject.remove(last.subject);
      remove(last);
      dropped++;
    }
    wake.run();
  }

  /**
   * News for one packet, appended to the messages; each counts as told once more.
   *
   * @param room bytes, see {@link Transport#room}
   * @param limit what was told so often is done
   * @return room that is left
   */
  public int take(int room, int limit, int maxMessages, List<byte[]> messages) {
    return take(room, limit, maxMessages, subject -> true, messages);
  }

  /**
   * The same, of the subjects that are for the receiver.
   *
   * @param wanted whether a subject is
   */
  public int take(
      int room, int limit, int maxMessages, Predicate<Object> wanted, List<byte[]> messages) {
    List<News> taken = new ArrayList<>();
    int left = room;
    int misfits = 0;
    for (News news : order) {
      if (left <= Transport.MESSAGE_OVERHEAD_BYTES) {
        break;
      }
      int size = news.message.length + Transport.MESSAGE_OVERHEAD_BYTES;
      if (size <= left && wanted.test(news.subject)) {
        taken.add(news);
        left -= size;
      } else if (++misfits > MAX_MISFITS) {
        break;
      }
      if (messages.size() + taken.size() >= maxMessages) {
        break;
      }
    }
    for (News news : taken) {
      messages.add(news.message);
      order.remove(news);
      if (++news.told < limit) {
        order.add(news);
      } else {
        bySubject.remove(news.subject);
        finished(news);
      }
    }
    return left;
  }

  private void remove(News news) {
    order.remove(news);
    finished(news);
  }

  private void finished(News news) {
    if (!news.own) {
      relayed--;
    }
    if (news.done != null) {
      news.done.run();
    }
  }

  public boolean isEmpty() {
    return order.isEmpty();
  }

  public int size() {
    return order.size();
  }

  /** Relayed news that was dropped because the queue was full. */
  public long dropped() {
    return dropped;
  }
}
