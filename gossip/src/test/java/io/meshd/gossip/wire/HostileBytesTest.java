package io.meshd.gossip.wire;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Captured frames, changed at random by a fixed seed: whatever comes is either understood or a
 * WireException, soon. -Dmeshd.fuzz=N sets how many.
 */
@Timeout(300)
class HostileBytesTest {
  private static final int ROUNDS = Integer.getInteger("meshd.fuzz", 100_000);

  @Test
  void changedFramesAreUnderstoodOrRefused() {
    List<Captured> seeds = new ArrayList<>(Captured.plain());
    Captured.encrypted().stream()
        .filter(frame -> frame.kind().endsWith("-plain"))
        .forEach(seeds::add);
    PacketCodec packets = new PacketCodec("", null);
    StreamCodec streams = new StreamCodec("", null);
    Random random = new Random(20_240_607);
    int understood = 0;
    for (int round = 0; round < ROUNDS; round++) {
      Captured seed = seeds.get(random.nextInt(seeds.size()));
      byte[] bytes = change(seed.bytes(), random);
      try {
        if (seed.kind().startsWith("tcp")) {
          streams.decode(new ByteArrayInputStream(bytes));
        } else {
          // Without the checksum, which would stop nearly all of them.
          boolean checked = bytes.length >= 5 && bytes[0] == MessageType.CRC;
          packets.decode(checked ? Arrays.copyOfRange(bytes, 5, bytes.length) : bytes);
        }
        understood++;
      } catch (WireException e) {
        assertTrue(e.getStackTrace().length == 0);
      } catch (IOException | RuntimeException e) {
        throw new AssertionError("round " + round + " of " + seed, e);
      }
    }
    assertTrue(understood > ROUNDS / 100 && understood < ROUNDS, "understood " + understood);
  }

  private static byte[] change(byte[] original, Random random) {
    byte[] bytes = original.clone();
    for (int i = 1 + random.nextInt(4); i > 0; i--) {
      if (bytes.length == 0) {
        return bytes;
      }
      int at = random.nextInt(random.nextBoolean() ? Math.min(bytes.length, 16) : bytes.length);
      switch (random.nextInt(4)) {
        case 0 -> bytes[at] = (byte) random.nextInt(256);
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bytes = Arrays.copyOf(bytes, at);
        default -> Arrays.fill(bytes, at, Math.min(bytes.length, at + 4), (byte) 0xff);
      }
    }
    return bytes;
  }
}
