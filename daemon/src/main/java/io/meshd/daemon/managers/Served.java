package io.meshd.daemon.managers;

import java.net.ConnectException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Who serves which subject here. */
final class Served {
  private final Map<String, Function<byte[], CompletableFuture<byte[]>>> handlers =
      new ConcurrentHashMap<>();
  private final ManagerCounters counters;

  Served(ManagerCounters counters) {
    this.counters = counters;
  }

  void put(String subject, Function<byte[], CompletableFuture<byte[]>> handler) {
    handlers.put(subject, handler);
  }

  void remove(String subject) {
    handlers.remove(subject);
  }

  void clear() {
    handlers.clear();
  }

  /** What a handler throws is its answer's failure. */
  CompletableFuture<byte[]> apply(String subject, byte[] payload) {
    var handler = handlers.get(subject);
    if (handler == null) {
      counters.count(ManagerCounter.NOBODY);
      return CompletableFuture.failedFuture(new ConnectException("nobody serves " + subject));
    }
    counters.count(ManagerCounter.REQUESTS_SERVED);
    try {
      return handler.apply(payload);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }
}
