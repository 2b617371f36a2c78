package io.meshd.daemon.disk;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class DataKeysTest {
  private static final byte[] TEXT = "what nobody is to read".getBytes(UTF_8);

  private final DataKeys keys = DataKeys.drawn();

  @Test
  void opensWhatItSealed() {
    byte[] sealed = keys.seal("text", TEXT);
    assertEquals(TEXT.length + DataKeys.OVERHEAD_BYTES, sealed.length);
    assertFalse(new String(sealed, UTF_8).contains("nobody"));
    assertFalse(Arrays.equals(sealed, keys.seal("text", TEXT)));
    assertArrayEquals(TEXT, DataKeys.of(keys.encoded()).open("text", sealed));
    assertArrayEquals(new byte[0], keys.open("nothing", keys.seal("nothing", new byte[0])));
  }

  @Test
  void refusesEveryFlippedBitAndWhatIsOfAnotherKind() {
    byte[] sealed = keys.seal("text", TEXT);
    for (int bit = 0; bit < sealed.length * 8; bit++) {
      byte[] changed = sealed.clone();
      changed[bit / 8] ^= (byte) (1 << bit % 8);
      assertThrows(RuntimeException.class, () -> keys.open("text", changed), "bit " + bit);
    }
    assertThrows(IllegalArgumentException.class, () -> keys.open("page", sealed));
    for (int length = 0; length < sealed.length; length++) {
      byte[] cut = Arrays.copyOf(sealed, length);
      assertThrows(IllegalArgumentException.class, () -> keys.open("text", cut));
    }
  }

  @Test
  void saysThatAKeyIsMissing() {
    byte[] sealed = keys.seal("text", TEXT);
    assertThrows(DataKeys.UnknownKeyException.class, () -> DataKeys.drawn().open("text", sealed));
  }

  @Test
  void aNewKeySealsAndTheOldOnesOpen() {
    byte[] before = keys.seal("text", TEXT);
    DataKeys old = DataKeys.of(keys.encoded());
    keys.become(keys.withNew());
    byte[] after = keys.seal("text", TEXT);
    assertArrayEquals(TEXT, keys.open("text", before));
    assertArrayEquals(TEXT, keys.open("text", after));
    assertThrows(DataKeys.UnknownKeyException.class, () -> old.open("text", after));
    assertArrayEquals(TEXT, DataKeys.of(keys.encoded()).open("text", before));
  }
}
