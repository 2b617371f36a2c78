package io.meshd.gossip.wire;

/**
 * First byte of a message, packet or stream (memberlist net.go). Append only: peers of other
 * versions are in the same cluster.
 */
final class MessageType {
  static final int PING = 0;
  static final int INDIRECT_PING = 1;
  static final int ACK = 2;
  static final int SUSPECT = 3;
  static final int ALIVE = 4;
  static final int DEAD = 5;
  static final int PUSH_PULL = 6;
  static final int COMPOUND = 7;
  static final int USER = 8;
  static final int COMPRESS = 9;

  /** Streams only; an encrypted packet begins with its version, 0 or 1. */
  static final int ENCRYPT = 10;

  static final int NACK = 11;
  static final int CRC = 12;

  /** Streams only. */
  static final int ERROR = 13;

  static final int LABEL = 244;

  private MessageType() {}
}
