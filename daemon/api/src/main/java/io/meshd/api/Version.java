package io.meshd.api;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** The version of this build, which is the project's in pom.xml. */
public final class Version {
  private Version() {}

  public static final String TEXT = read();

  private static String read() {
    try (InputStream in = Version.class.getResourceAsStream("version")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
