package io.meshd.gossip.wire;

import java.util.Arrays;
import java.util.Random;

/** Changes bytes a little, by a seeded random. */
public final class Mutation {
  private Mutation() {}

  /** One to four changes: a byte, a bit, the end, a length that is far too large. */
  public static byte[] of(byte[] original, Random random) {
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
