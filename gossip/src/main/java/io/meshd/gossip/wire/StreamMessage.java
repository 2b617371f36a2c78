package io.meshd.gossip.wire;

/** The one request, or its one answer, of a TCP connection. */
public sealed interface StreamMessage {
  /** A full exchange of state. */
  record State(PushPull pushPull) implements StreamMessage {}

  /** Bytes of the layer above that were too many for a packet. */
  record User(Bytes payload) implements StreamMessage {}

  /** A ping where packets did not get through, or the ack to it. */
  record Probe(Message message) implements StreamMessage {}

  /** The peer could not do what was asked. */
  record Failure(String error) implements StreamMessage {}
}
