package io.meshd.cli.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
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
  void framesKeepTheirStreams() throws IOException {
    FrameReader frames = new FrameReader(in("\1\0\0\0\0\0\0\2hi\2\0\0\0\0\0\0\0\2\0\0\0\0\0\0\1!"));
    FrameReader.Frame first = frames.next();
    assertNotNull(first);
    assertEquals(1, first.stream());
    assertEquals("hi", new String(first.payload(), StandardCharsets.US_ASCII));
    FrameReader.Frame empty = frames.next();
    assertNotNull(empty);
    assertEquals(0, empty.payload().length);
    FrameReader.Frame last = frames.next();
    assertNotNull(last);
    assertEquals(2, last.stream());
    assertNull(frames.next());
  }

  @ParameterizedTest
  @ValueSource(strings = {"\1\0\0", "\1\0\0\0\0\0\0\5hi", "\7\0\0\0\0\0\0\0", "\1\0\0\0\177\0\0\0"})
  void aBrokenFrameIsAnError(String text) {
    assertThrows(IOException.class, () -> new FrameReader(in(text)).next());
  }
}
