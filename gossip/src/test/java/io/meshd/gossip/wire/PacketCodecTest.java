package io.meshd.gossip.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.meshd.gossip.wire.Message.Ack;
import io.meshd.gossip.wire.Message.Nack;
import io.meshd.gossip.wire.Message.Ping;
import io.meshd.gossip.wire.Message.Source;
import io.meshd.gossip.wire.Message.Versions;
import io.meshd.gossip.wire.PushPull.Liveness;
import io.meshd.gossip.wire.PushPull.NodeState;
import io.meshd.gossip.wire.WireException.Reason;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is written comes back, and what is wrong is told by its reason. */
class PacketCodecTest {
  private static final Bytes KEY_A = Bytes.of(new byte[32]);
  private static final Bytes KEY_B =
      Bytes.of("another key of 24 bytes.".getBytes(StandardCharsets.US_ASCII));

  private static final List<Message> MESSAGES =
      List.of(
          new Ping(
              0xffff_ffffL,
              "n1",
              new Source(Bytes.of((byte) 1, (byte) 2, (byte) 3, (byte) 4), 7946, "n2")),
          new Ping(0, "", Source.NONE),
          new Ack(200, Bytes.EMPTY),
          new Nack(70_000));

  @Test
  void messagesComeBackThroughEveryLayer() throws Exception {
    for (String label : List.of("", "a cluster")) {
      for (boolean encrypted : new boolean[] {false, true}) {
        PacketCodec codec = new PacketCodec(label, encrypted ? KeyRing.of(List.of(KEY_A)) : null);
        byte[] datagram = codec.encode(MESSAGES.stream().map(PacketCodec::encode).toList(), true);
        assertEquals(MESSAGES, codec.decode(datagram));
      }
    }
  }

  @Test
  void anyKeyOfTheRingOpensAndTheFirstSeals() throws Exception {
    byte[] one = PacketCodec.encode(MESSAGES.getFirst());
    KeyRing old = KeyRing.of(List.of(KEY_A));
    KeyRing rotating = KeyRing.of(List.of(KEY_B, KEY_A));
    byte[] byOld = new PacketCodec("", old).encode(List.of(one), false);
    byte[] byRotating = new PacketCodec("", rotating).encode(List.of(one), false);
    assertEquals(1, new PacketCodec("", rotating).decode(byOld).size());
    assertReason(Reason.NOT_DECRYPTED, new PacketCodec("", old), byRotating);
  }

  @Test
  void anotherLabelIsRefused() {
    byte[] one = PacketCodec.encode(MESSAGES.getFirst());
    byte[] theirs = new PacketCodec("theirs", null).encode(List.of(one), false);
    assertReason(Reason.BAD_LABEL, new PacketCodec("ours", null), theirs);
    assertReason(Reason.BAD_LABEL, new PacketCodec("", null), theirs);
    assertReason(Reason.BAD_LABEL, new PacketCodec("ours", null), one);
  }

  @Test
  void aFlippedBitUnderAChecksumIsSeen() {
    PacketCodec codec = new PacketCodec("", null);
    byte[] packet = codec.encode(List.of(PacketCodec.encode(MESSAGES.getFirst())), true);
    packet[9] ^= 1;
    assertReason(Reason.BAD_CRC, codec, packet);
  }

  @Test
  void everyTruncationIsRefused() throws Exception {
    PacketCodec codec = new PacketCodec("", null);
    for (Message message : MESSAGES) {
      byte[] whole = PacketCodec.encode(message);
      for (int length = 0; length < whole.length; length++) {
        assertReason(Reason.TRUNCATED, codec, Arrays.copyOf(whole, length));
      }
    }
  }

  @Test
  void deepAndHugeClaimsAreRefusedAtOnce() {
    PacketCodec codec = new PacketCodec("", null);
    MsgpackWriter deep = new MsgpackWriter().octet(MessageType.PING).map(1).octet(0xa1).octet('x');
    for (int i = 0; i < 1000; i++) {
      deep.octet(0x91);
    }
    assertReason(Reason.TOO_DEEP, codec, deep.toByteArray());
    byte[] huge =
        new MsgpackWriter()
            .octet(MessageType.ACK)
            .map(1)
            .octet(0xa7)
            .append("Payload".getBytes(StandardCharsets.US_ASCII))
            .octet(0xdb)
            .bigEndian(0xffff_ffffL, 4)
            .toByteArray();
    assertReason(Reason.TRUNCATED, codec, huge);
    byte[] nested = PacketCodec.encode(MESSAGES.getFirst());
    for (int i = 0; i < 10; i++) {
      nested = PacketCodec.compound(List.of(nested));
    }
    assertReason(Reason.TOO_DEEP, codec, nested);
  }

  @Test
  void streamsComeBackThroughEveryLayer() throws Exception {
    NodeState node =
        new NodeState(
            "n1", Bytes.of(new byte[16]), 1, Bytes.of((byte) 7), 3, Liveness.LEFT, Versions.OURS);
    List<StreamMessage> messages =
        List.of(
            new StreamMessage.State(
                new PushPull(true, Collections.nCopies(40, node), Bytes.of(new byte[100_000]))),
            new StreamMessage.User(Bytes.of(new byte[70_000])),
            new StreamMessage.Probe(MESSAGES.getFirst()),
            new StreamMessage.Failure("no"));
    for (String label : List.of("", "a cluster")) {
      for (boolean encrypted : new boolean[] {false, true}) {
        StreamCodec codec = new StreamCodec(label, encrypted ? KeyRing.of(List.of(KEY_B)) : null);
        List<StreamMessage> back = new ArrayList<>();
        for (StreamMessage message : messages) {
          back.add(codec.decode(new ByteArrayInputStream(codec.encode(message))));
        }
        assertEquals(messages, back);
      }
    }
  }

  private static void assertReason(Reason reason, PacketCodec codec, byte[] datagram) {
    assertEquals(reason, assertThrows(WireException.class, () -> codec.decode(datagram)).reason());
  }
}
