package io.meshd.daemon.raft;

import io.atomix.cluster.MemberId;
import io.atomix.utils.serializer.Serializer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;

/** Raft's requests as bytes on a {@link Transport}. */
final class Messages {
  private static final Serializer SERIALIZER = Serializer.using(LogFormat.PROTOCOL);

  private final Transport transport;

  Messages(Transport transport) {
    this.transport = transport;
  }

  <T, R> CompletableFuture<R> request(MemberId member, String subject, T request) {
    return transport
        .request(member.id(), subject, SERIALIZER.encode(request))
        .thenApply(SERIALIZER::decode);
  }

  <T> void send(MemberId member, String subject, T message) {
    transport.send(member.id(), subject, SERIALIZER.encode(message));
  }

  <T, R> void serve(String subject, Function<T, CompletableFuture<R>> handler) {
    transport.serve(
        subject,
        payload -> {
          T request = SERIALIZER.decode(payload);
          return handler.apply(request).thenApply(SERIALIZER::encode);
        });
  }

  <T> void listen(String subject, Consumer<T> listener, Executor executor) {
    transport.serve(
        subject,
        payload -> {
          T message = SERIALIZER.decode(payload);
          executor.execute(() -> listener.accept(message));
          return CompletableFuture.completedFuture(new byte[0]);
        });
  }

  void remove(String subject) {
    transport.remove(subject);
  }
}
