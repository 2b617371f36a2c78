package io.meshd.gossip.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.gossip.wire.Message.Alive;
import io.meshd.gossip.wire.WireException.Reason;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What a stock agent sends is understood, and what we would send in its place is the same. */
class CapturedFramesTest {
  @Test
  void packetsAreUnderstoodAndWrittenTheSameWay() throws Exception {
    PacketCodec codec = new PacketCodec("", null);
    Set<String> seen = new TreeSet<>();
    int compared = 0;
    for (Captured frame : Captured.plain()) {
      if (!frame.kind().equals("udp-in")) {
        continue;
      }
      List<Message> messages = codec.decode(frame.bytes());
      messages.forEach(message -> seen.add(message.getClass().getSimpleName()));
      if (!compressed(frame.bytes())) {
        assertArrayEquals(frame.bytes(), again(codec, messages, frame.bytes()), frame.toString());
        compared++;
      }
    }
    assertEquals(
        Set.of("Ack", "Alive", "Dead", "IndirectPing", "Nack", "Ping", "Suspect", "User"), seen);
    assertTrue(compared > 30, "compared " + compared);
  }

  @Test
  void anAliveCarriesTheNode() throws Exception {
    List<Alive> alive = new ArrayList<>();
    for (Captured frame : Captured.plain()) {
      if (frame.kind().equals("udp-in")) {
        new PacketCodec("", null)
            .decode(frame.bytes()).stream()
                .filter(Alive.class::isInstance)
                .map(Alive.class::cast)
                .forEach(alive::add);
      }
    }
    Alive first = alive.getFirst();
    assertEquals(4, first.address().length());
    assertEquals(7946, first.port());
    assertTrue(first.versions().acceptable() && first.versions().readsCrc());
  }

  @Test
  void streamsAreInflatedUnderstoodAndWrittenTheSameWay() throws Exception {
    byte[] inflated = null;
    StreamMessage decoded = null;
    for (Captured frame : Captured.plain()) {
      if (frame.kind().equals("tcp-in")) {
        decoded = new StreamCodec("", null).decode(new ByteArrayInputStream(frame.bytes()));
      } else if (frame.kind().equals("tcp-in-inflated") && decoded != null) {
        inflated = frame.bytes();
        PushPull state = assertInstanceOf(StreamMessage.State.class, decoded).pushPull();
        assertTrue(state.nodes().size() >= 2);
        assertArrayEquals(inflated, StreamCodec.encodePlain(decoded));
        decoded = null;
      }
    }
    assertTrue(inflated != null, "there was a stream");
  }

  @Test
  void encryptedPacketsOpenAndAreSealedTheSameWay() throws Exception {
    List<Captured> frames = Captured.encrypted();
    int opened = 0;
    for (int i = 0; i + 1 < frames.size(); i++) {
      if (frames.get(i).kind().equals("udp-in")) {
        byte[] sealed = frames.get(i).bytes();
        byte[] plain = Captured.KEYS.decrypt(sealed, new byte[0]);
        assertArrayEquals(frames.get(i + 1).bytes(), plain);
        byte[] nonce = Arrays.copyOfRange(sealed, 1, 13);
        assertArrayEquals(sealed, Captured.KEYS.encrypt(plain, new byte[0], nonce));
        new PacketCodec("", Captured.KEYS).decode(sealed);
        opened++;
      }
    }
    assertTrue(opened > 30, "opened " + opened);
  }

  @Test
  void encryptedStreamsOpen() throws Exception {
    int opened = 0;
    for (Captured frame : Captured.encrypted()) {
      if (frame.kind().equals("tcp-in")) {
        StreamCodec codec = new StreamCodec("", Captured.KEYS);
        assertInstanceOf(
            StreamMessage.State.class, codec.decode(new ByteArrayInputStream(frame.bytes())));
        opened++;
      }
    }
    assertEquals(2, opened);
  }

  @Test
  void aClusterWithKeysTakesNothingInClear() {
    PacketCodec codec = new PacketCodec("", Captured.KEYS);
    for (Captured frame : Captured.plain()) {
      if (frame.kind().equals("udp-in")) {
        WireException e =
            assertThrows(WireException.class, () -> codec.decode(frame.bytes()), frame::toString);
        assertTrue(e.reason() == Reason.NOT_DECRYPTED || e.reason() == Reason.TRUNCATED);
      }
    }
  }

  private static boolean compressed(byte[] packet) {
    return packet[packet[0] == MessageType.CRC ? 5 : 0] == MessageType.COMPRESS;
  }

  private static byte[] again(PacketCodec codec, List<Message> messages, byte[] packet) {
    List<byte[]> encoded = messages.stream().map(PacketCodec::encode).toList();
    return codec.encode(encoded, packet[0] == MessageType.CRC);
  }
}
