package io.meshd.daemon.raft;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Requests and one-way messages between managers. They are addressed to members of the log ({@code
 * <nodeId>.<random>}); the transport brings them to the node, and the subject says which member
 * there is meant. Whoever implements it lets only managers in.
 */
public interface Transport extends AutoCloseable {
  /** This node's ID. */
  String self();

  /** The node that a member is on: what stands before the dot. */
  static String nodeOf(String member) {
    int dot = member.indexOf('.');
    return dot < 0 ? member : member.substring(0, dot);
  }

  /**
   * Completes with the other side's answer; exceptionally with {@link java.net.ConnectException}
   * when it cannot be reached or has no such handler, and then not within 50 ms: Raft's client asks
   * again at once.
   */
  CompletableFuture<byte[]> request(String member, String subject, byte[] payload);

  /** Sends without an answer; lost without a word when the member cannot be reached. */
  void send(String member, String subject, byte[] payload);

  /** Serves a subject; a handler's future becomes the answer. */
  void serve(String subject, Function<byte[], CompletableFuture<byte[]>> handler);

  void remove(String subject);

  @Override
  void close();
}
