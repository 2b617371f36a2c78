package io.meshd.daemon.raft;

import java.net.ConnectException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Between the client and the server of one process: the whole of it while a cluster has one
 * manager, and the short way of a member to itself beside any other transport.
 */
public final class InProcessTransport implements Transport {
  private static final long REFUSAL_DELAY_MILLIS = 50;

  private final String self;
  private final Map<String, Function<byte[], CompletableFuture<byte[]>>> handlers =
      new ConcurrentHashMap<>();

  public InProcessTransport(String self) {
    this.self = self;
  }

  @Override
  public String self() {
    return self;
  }

  @Override
  public CompletableFuture<byte[]> request(String member, String subject, byte[] payload) {
    var handler = Transport.nodeOf(member).equals(self) ? handlers.get(subject) : null;
    if (handler != null) {
      return handler.apply(payload);
    }
    CompletableFuture<byte[]> refused = new CompletableFuture<>();
    CompletableFuture.delayedExecutor(REFUSAL_DELAY_MILLIS, TimeUnit.MILLISECONDS)
        .execute(
            () ->
                refused.completeExceptionally(
                    new ConnectException("no way to " + member + " for " + subject)));
    return refused;
  }

  @Override
  public void send(String member, String subject, byte[] payload) {
    var handler = Transport.nodeOf(member).equals(self) ? handlers.get(subject) : null;
    if (handler != null) {
      var _ = handler.apply(payload);
    }
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
    handlers.clear();
  }
}
