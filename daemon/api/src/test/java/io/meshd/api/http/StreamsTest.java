package io.meshd.api.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class StreamsTest {
  private static InputStream in(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  @Test
  void chunksAreJoined() throws IOException {
    InputStream body =
        new ChunkedInput(in("4\r\nWiki\r\nA;x=y\r\npedia1234\n\r\n0\r\nT: v\r\n\r\n"));
    assertEquals("Wikipedia1234\n", new String(body.readAllBytes(), StandardCharsets.US_ASCII));
  }

  @ParameterizedTest
  @ValueSource(strings = {"4\r\nWi", "4\r\nWiki\r\n", "zz\r\n", "FFFFFFFFF\r\n", ""})
  void aBrokenChunkIsAnError(String text) {
    assertThrows(IOException.class, () -> new ChunkedInput(in(text)).readAllBytes());
  }

  @Test
  void aShortBodyIsAnError() {
    assertThrows(IOException.class, () -> new BoundedInput(in("abc"), 4).readAllBytes());
  }
}
