package io.meshd.daemon.raft;

import io.atomix.cluster.MemberId;
import io.atomix.utils.serializer.Serializer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Raft's requests as bytes on a {@link Transport}. The subject begins with the member that is
 * meant: what is sent to a node's former member finds nobody there.
 */
final class Messages {
  private static final Serializer SERIALIZER = Serializer.using(LogFormat.PROTOCOL);

  private final Transport transport;
  private final String self;

  /** {@code self}: the member for which is served. */
  Messages(Transport transport, String self) {
    this.transport = transport;
    this.self = self;
  }

  <T, R> CompletableFuture<R> request(MemberId member, String subject, T request) {
    return bytes(member, subject, SERIALIZER.encode(request)).thenApply(SERIALIZER::decode);
  }

  <T> void send(MemberId member, String subject, T message) {
    sendBytes(member, subject, SERIALIZER.encode(message));
  }

  <T, R> void serve(String subject, Function<T, CompletableFuture<R>> handler) {
    serveBytes(
        subject,
        payload -> {
          T request = SERIALIZER.decode(payload);
          return handler.apply(request).thenApply(SERIALIZER::encode);
        });
  }

  <T> void listen(String subject, Consumer<T> listener, Executor executor) {
    serveBytes(
        subject,
        payload -> {
          T message = SERIALIZER.decode(payload);
          executor.execute(() -> listener.accept(message));
          return CompletableFuture.completedFuture(new byte[0]);
        });
  }

  CompletableFuture<byte[]> bytes(MemberId member, String subject, byte[] request) {
    return transport.request(member.id(), member.id() + "/" + subject, request);
  }

  void sendBytes(MemberId member, String subject, byte[] message) {
    transport.send(member.id(), member.id() + "/" + subject, message);
  }

  void serveBytes(String subject, Function<byte[], CompletableFuture<byte[]>> handler) {
    transport.serve(self + "/" + subject, handler);
  }

  void remove(String subject) {
    transport.remove(self + "/" + subject);
  }
}
