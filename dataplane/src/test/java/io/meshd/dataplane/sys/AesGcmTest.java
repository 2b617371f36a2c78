package io.meshd.dataplane.sys;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AesGcmTest {
  private static final HexFormat HEX = HexFormat.of();

  /** Test cases 13, 14, 15 and 16 of the specification of GCM that NIST took over. */
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "0000000000000000000000000000000000000000000000000000000000000000,"
            + "000000000000000000000000,'','','',530f8afbc74536b9a963b4f1c4cb738b",
        "0000000000000000000000000000000000000000000000000000000000000000,"
            + "000000000000000000000000,'',00000000000000000000000000000000,"
            + "cea7403d4d606b6e074ec5d3baf39d18,d0d1c8a799996bf0265b98b5d48ab919",
        "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308,"
            + "cafebabefacedbaddecaf888,'',"
            + "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255,"
            + "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
            + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad,"
            + "b094dac5d93471bdec1a502270e3cc6c",
        "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308,"
            + "cafebabefacedbaddecaf888,feedfacedeadbeeffeedfacedeadbeefabaddad2,"
            + "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39,"
            + "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
            + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662,"
            + "76fc6ece0f4e1768cddf8853bb2d551b"
      })
  void sealsAndOpensAsNistSays(
      String key, String iv, String aad, String plain, String sealed, String tag) throws Exception {
    byte[] material = HEX.parseHex(key + iv);
    assertEquals(sealed + tag, HEX.formatHex(seal(material, 0, aad, HEX.parseHex(plain))));
    byte[] opened = open(material, 0, aad, HEX.parseHex(sealed + tag));
    assertArrayEquals(HEX.parseHex(plain), opened);
  }

  @Test
  void doesAsJavasOwnDoes() throws Exception {
    SplittableRandom random = new SplittableRandom(5869);
    for (int round = 0; round < 2000; round++) {
      byte[] material = new byte[44];
      random.nextBytes(material);
      byte[] aad = new byte[random.nextInt(1, 40)];
      random.nextBytes(aad);
      byte[] plain = new byte[random.nextInt(1600)];
      random.nextBytes(plain);
      long number = random.nextLong(1L << 48);

      byte[] nonce = Arrays.copyOfRange(material, 32, 44);
      ByteBuffer.wrap(nonce).putLong(4, ByteBuffer.wrap(nonce).getLong(4) ^ number);
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(
          Cipher.ENCRYPT_MODE,
          new SecretKeySpec(material, 0, 32, "AES"),
          new GCMParameterSpec(128, nonce));
      cipher.updateAAD(aad);
      byte[] expected = cipher.doFinal(plain);

      assertArrayEquals(expected, seal(material, number, HEX.formatHex(aad), plain));
      assertArrayEquals(plain, open(material, number, HEX.formatHex(aad), expected));
    }
  }

  @Test
  void aMessageThatWasNotTakenLeavesTheKeyUsable() throws Exception {
    byte[] material = new byte[44];
    byte[] good = seal(material, 1, "aa", new byte[5]);
    try (Arena arena = Arena.ofConfined();
        AesGcm cipher = AesGcm.opening()) {
      cipher.key(material);
      MemorySegment aad = arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) 0xaa);
      for (int round = 0; round < 3; round++) {
        MemorySegment data = arena.allocateFrom(ValueLayout.JAVA_BYTE, good);
        assertFalse(cipher.open(2, aad.address(), 1, data.address(), 5));
        data = arena.allocateFrom(ValueLayout.JAVA_BYTE, good);
        assertTrue(cipher.open(1, aad.address(), 1, data.address(), 5));
      }
    }
  }

  @Test
  void isThereAndSaysWhatIsWrong() throws Exception {
    assertNull(AesGcm.missing());
    AesGcm cipher = AesGcm.sealing();
    assertThrows(IllegalArgumentException.class, () -> cipher.key(new byte[32]));
    cipher.close();
    cipher.close();
    assertThrows(IllegalStateException.class, () -> cipher.key(new byte[44]));
  }

  private static byte[] seal(byte[] material, long number, String aad, byte[] plain)
      throws Exception {
    try (Arena arena = Arena.ofConfined();
        AesGcm cipher = AesGcm.sealing()) {
      cipher.key(material);
      byte[] head = HEX.parseHex(aad);
      MemorySegment aadAt = arena.allocate(head.length + 1L);
      MemorySegment.copy(head, 0, aadAt, ValueLayout.JAVA_BYTE, 0, head.length);
      MemorySegment data = arena.allocate(plain.length + 16L);
      MemorySegment.copy(plain, 0, data, ValueLayout.JAVA_BYTE, 0, plain.length);
      assertTrue(cipher.seal(number, aadAt.address(), head.length, data.address(), plain.length));
      return data.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private static byte[] open(byte[] material, long number, String aad, byte[] sealed)
      throws Exception {
    try (Arena arena = Arena.ofConfined();
        AesGcm cipher = AesGcm.opening()) {
      cipher.key(material);
      byte[] head = HEX.parseHex(aad);
      MemorySegment aadAt = arena.allocate(head.length + 1L);
      MemorySegment.copy(head, 0, aadAt, ValueLayout.JAVA_BYTE, 0, head.length);
      MemorySegment data = arena.allocateFrom(ValueLayout.JAVA_BYTE, sealed);
      int length = sealed.length - 16;
      assertTrue(cipher.open(number, aadAt.address(), head.length, data.address(), length));
      return data.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    }
  }
}
