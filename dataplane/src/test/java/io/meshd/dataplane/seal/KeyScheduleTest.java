package io.meshd.dataplane.seal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.dataplane.DataKey;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import javax.crypto.SecretKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyScheduleTest {
  private static final HexFormat HEX = HexFormat.of();

  /** RFC 5869, appendix A.1 and A.2. */
  @ParameterizedTest
  @CsvSource({
    "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b,000102030405060708090a0b0c,"
        + "f0f1f2f3f4f5f6f7f8f9,"
        + "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5,"
        + "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
        + "34007208d5b887185865",
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        + "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
        + "404142434445464748494a4b4c4d4e4f,"
        + "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
        + "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
        + "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf,"
        + "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
        + "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
        + "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff,"
        + "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244,"
        + "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
        + "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
        + "cc30c58179ec3e87c14c01d5c1f3434f1d87"
  })
  void extractsAndExpandsAsTheRfcSays(
      String secret, String salt, String info, String extracted, String expanded) {
    SecretKey prk = KeySchedule.extract(HEX.parseHex(salt), HEX.parseHex(secret));
    assertEquals(extracted, HEX.formatHex(prk.getEncoded()));
    int length = expanded.length() / 2;
    assertEquals(expanded, HEX.formatHex(KeySchedule.expand(prk, HEX.parseHex(info), length)));
  }

  @Test
  void everyPartOfTheInfoMakesAnotherKey() {
    KeySchedule schedule = new KeySchedule(new DataKey(new byte[32]));
    byte[] other = new byte[32];
    other[31] = 1;
    Set<String> keys = new HashSet<>();
    keys.add(HEX.formatHex(schedule.frames(4097, 1, 2, 7)));
    keys.add(HEX.formatHex(schedule.frames(4098, 1, 2, 7)));
    keys.add(HEX.formatHex(schedule.frames(4097, 2, 1, 7)));
    keys.add(HEX.formatHex(schedule.frames(4097, 1, 3, 7)));
    keys.add(HEX.formatHex(schedule.frames(4097, 3, 2, 7)));
    keys.add(HEX.formatHex(schedule.frames(4097, 1, 2, 8)));
    keys.add(HEX.formatHex(new KeySchedule(new DataKey(other)).frames(4097, 1, 2, 7)));
    assertEquals(7, keys.size());
  }

  /** Nodes of two versions of meshd must derive the same; computed by Python's hmac. */
  @Test
  void staysAsItIs() {
    KeySchedule schedule = new KeySchedule(new DataKey(HEX.parseHex("42".repeat(32))));
    assertEquals(
        "41 9d1cccc6bbb5b5b9cc7e29dfaf4dbe6037dc4ce37c70eea653c60a6eb"
            + "c3cbd841fedb796268d8d662e5ac08e",
        HEX.toHexDigits((byte) schedule.id())
            + " "
            + HEX.formatHex(schedule.frames(0x1001, 0x0a630001, 0x0a630002, 0x0102030405L)));
  }
}
