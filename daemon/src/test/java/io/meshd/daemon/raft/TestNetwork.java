package io.meshd.daemon.raft;

import java.net.ConnectException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * A network between managers of one process, which can be cut in one direction and be slow. What is
 * cut vanishes without a word, as in a real one; who is not there refuses.
 */
final class TestNetwork implements AutoCloseable {
  private static final Executor REFUSAL =
      CompletableFuture.delayedExecutor(50, TimeUnit.MILLISECONDS);

  private record Way(String from, String to) {}

  private final Set<Way> cut = ConcurrentHashMap.newKeySet();
  private final Set<String> gone = ConcurrentHashMap.newKeySet();
  private final Map<String, Node> nodes = new ConcurrentHashMap<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile Duration delay = Duration.ZERO;

  /** A node's door to the network; a second one of the same name takes the first one's place. */
  Transport node(String name) {
    Node node = new Node(name);
    nodes.put(name, node);
    return node;
  }

  void cut(String from, String to) {
    cut.add(new Way(from, to));
  }

  /** Both ways between a node and all others. */
  void isolate(String name) {
    for (String other : nodes.keySet()) {
      if (!other.equals(name)) {
        cut(name, other);
        cut(other, name);
      }
    }
  }

  /** Refuses at once whoever asks this node, and says nothing for it. */
  void vanish(String name) {
    gone.add(name);
  }

  void appear(String name) {
    gone.remove(name);
  }

  void heal() {
    cut.clear();
  }

  /** Each message takes that long from now on. */
  void delay(Duration each) {
    delay = each;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }

  private void carry(String from, String to, Runnable arrival) {
    if (threads.isShutdown() || (gone.contains(from) && !from.equals(to))) {
      return;
    }
    Executor way =
        delay.isZero()
            ? threads
            : CompletableFuture.delayedExecutor(delay.toMillis(), TimeUnit.MILLISECONDS, threads);
    way.execute(
        () -> {
          if (!cut.contains(new Way(from, to))) {
            arrival.run();
          }
        });
  }

  private final class Node implements Transport {
    private final String name;
    private final Map<String, Function<byte[], CompletableFuture<byte[]>>> handlers =
        new ConcurrentHashMap<>();

    Node(String name) {
      this.name = name;
    }

    @Override
    public String self() {
      return name;
    }

    @Override
    public CompletableFuture<byte[]> request(String member, String subject, byte[] payload) {
      CompletableFuture<byte[]> answer = new CompletableFuture<>();
      String to = Transport.nodeOf(member);
      carry(
          name,
          to,
          () -> {
            Node node = gone.contains(to) ? null : nodes.get(to);
            var handler = node == null ? null : node.handlers.get(subject);
            if (handler == null) {
              REFUSAL.execute(
                  () -> answer.completeExceptionally(new ConnectException("nobody: " + subject)));
              return;
            }
            var _ =
                handler
                    .apply(payload)
                    .whenComplete(
                        (response, error) ->
                            carry(
                                to,
                                name,
                                () -> {
                                  if (error == null) {
                                    answer.complete(response);
                                  } else {
                                    answer.completeExceptionally(
                                        new ConnectException(error.toString()));
                                  }
                                }));
          });
      return answer.orTimeout(5, TimeUnit.SECONDS);
    }

    @Override
    public void send(String member, String subject, byte[] payload) {
      var _ = request(member, subject, payload);
    }

    @Override
    public void serve(String subject, Function<byte[], CompletableFuture<byte[]>> handler) {
      handlers.put(subject, handler);
    }

    @Override
    public void remove(String subject) {
      handlers.remove(subject);
    }

    @Override
    public void close() {
      nodes.remove(name, this);
    }
  }
}
