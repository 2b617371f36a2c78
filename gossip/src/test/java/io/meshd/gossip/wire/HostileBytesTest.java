package io.meshd.gossip.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Captured frames, changed at random by a fixed seed: whatever comes is either understood or a
 * WireException, soon. -Dmeshd.fuzz=N sets how many for each parser.
 */
@Timeout(3600)
class HostileBytesTest {
  private static final int ROUNDS = Integer.getInteger("meshd.fuzz", 50_000);

  private interface Parser {
    void parse(byte[] bytes) throws IOException;
  }

  private static void attack(List<byte[]> seeds, boolean mostlyRefused, Parser parser) {
    Random random = new Random(20_240_607);
    int understood = 0;
    for (int round = 0; round < ROUNDS; round++) {
      byte[] bytes = Mutation.of(seeds.get(random.nextInt(seeds.size())), random);
      try {
        parser.parse(bytes);
        understood++;
      } catch (WireException e) {
        assertEquals(0, e.getStackTrace().length);
      } catch (IOException | RuntimeException e) {
        throw new AssertionError("round " + round, e);
      }
    }
    assertTrue(understood < ROUNDS, "understood all");
    assertTrue(mostlyRefused || understood > ROUNDS / 100, "understood " + understood);
  }

  private static List<byte[]> frames(String kind) {
    List<Captured> all = new ArrayList<>(Captured.plain());
    Captured.encrypted().stream()
        .filter(frame -> frame.kind().endsWith("-plain"))
        .forEach(all::add);
    return all.stream()
        .filter(frame -> frame.kind().startsWith(kind))
        .map(Captured::bytes)
        .toList();
  }

  @Test
  void packets() {
    PacketCodec codec = new PacketCodec("", null);
    attack(
        frames("udp"),
        false,
        bytes -> {
          // Without the checksum, which would stop nearly all of them.
          boolean checked = bytes.length >= 5 && bytes[0] == MessageType.CRC;
          codec.decode(checked ? Arrays.copyOfRange(bytes, 5, bytes.length) : bytes);
        });
  }

  @Test
  void streams() {
    StreamCodec codec = new StreamCodec("", null);
    attack(frames("tcp"), false, bytes -> codec.decode(new ByteArrayInputStream(bytes)));
  }

  @Test
  void encryptedPackets() {
    PacketCodec codec = new PacketCodec("", Captured.KEYS);
    List<byte[]> sealed =
        Captured.encrypted().stream()
            .filter(frame -> frame.kind().equals("udp-in"))
            .map(Captured::bytes)
            .toList();
    attack(sealed, true, codec::decode);
  }

  @Test
  void labelsAndChecksums() {
    PacketCodec codec = new PacketCodec("a cluster", null);
    byte[] message = PacketCodec.encode(new Message.Nack(7));
    attack(
        List.of(codec.encode(List.of(message), true), codec.encode(List.of(message), false)),
        true,
        codec::decode);
  }

  @Test
  void serfsStatesAndIntents() {
    Bytes payload = Bytes.of(new byte[100]);
    attack(
        List.of(
            Serf.state(7, payload).toArray(),
            Serf.leaveIntent(9, "n1").toArray(),
            Serf.message(payload).toArray()),
        false,
        bytes -> {
          Serf.readState(Bytes.of(bytes));
          Serf.intentTime(Bytes.of(bytes));
          Serf.readMessage(Bytes.of(bytes));
        });
  }

  @Test
  void tagsAreReadOrThereAreNone() {
    Random random = new Random(5);
    byte[] meta = Tags.encode(Map.of("role", "worker", "vtep", "10.0.0.1")).toArray();
    for (int round = 0; round < ROUNDS; round++) {
      Map<String, String> tags = Tags.decode(Bytes.of(Mutation.of(meta, random)));
      assertTrue(tags.size() < 50);
    }
  }
}
