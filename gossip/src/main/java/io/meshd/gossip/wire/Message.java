package io.meshd.gossip.wire;

/**
 * What memberlist peers say to each other in packets (net.go, state.go of hashicorp/memberlist).
 * Sequence numbers and incarnations are unsigned 32 bit. An address is 4 or 16 bytes.
 */
public sealed interface Message {

  /** A wish to hear whether a node lives. The ack goes to the source, or else to the sender. */
  record Ping(long seqNo, String node, Source source) implements Message {}

  /**
   * A wish that the receiver pings another node.
   *
   * @param nack whether to say so when that node did not answer
   */
  record IndirectPing(long seqNo, Bytes target, int port, String node, boolean nack, Source source)
      implements Message {}

  /**
   * The answer to a ping.
   *
   * @param payload empty, or what the peer's delegate adds (serf: its coordinate)
   */
  record Ack(long seqNo, Bytes payload) implements Message {}

  /** The answer to an indirect ping whose target was silent. */
  record Nack(long seqNo) implements Message {}

  /** {@code from} had no answer from the node. */
  record Suspect(long incarnation, String node, String from) implements Message {}

  /**
   * A node says, through others, that it lives.
   *
   * @param meta at most 512 bytes, opaque
   */
  record Alive(
      long incarnation, String node, Bytes address, int port, Bytes meta, Versions versions)
      implements Message {}

  /** A node is dead, or left on its own account when {@code from} is the node. */
  record Dead(long incarnation, String node, String from) implements Message {
    public boolean left() {
      return node.equals(from);
    }
  }

  /** Bytes of the layer above. */
  record User(Bytes payload) implements Message {}

  /**
   * Where an answer is to go; {@link #NONE} when the sender does not say.
   *
   * @param port 0 when unknown
   */
  record Source(Bytes address, int port, String node) {
    public static final Source NONE = new Source(Bytes.EMPTY, 0, "");
  }

  /** Protocol and delegate versions that a node can speak and speaks: six bytes on the wire. */
  record Versions(
      int protocolMin,
      int protocolMax,
      int protocol,
      int delegateMin,
      int delegateMax,
      int delegate) {
    /** What we say of ourselves, so that serf 0.9 agents accept us. */
    public static final Versions OURS = new Versions(1, 5, 2, 2, 5, 4);

    /** What a peer that says nothing is taken for. */
    public static final Versions UNKNOWN = new Versions(0, 0, 0, 0, 0, 0);

    /**
     * False for delegate versions 0,0,0, with which a peer makes every push/pull of the cluster
     * fail.
     */
    public boolean acceptable() {
      return delegateMin != 0 || delegateMax != 0 || delegate != 0;
    }

    /** Whether packets to such a node carry a checksum. */
    public boolean readsCrc() {
      return protocolMax >= 5;
    }
  }
}
