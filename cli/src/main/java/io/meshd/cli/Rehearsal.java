package io.meshd.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Runs the command lines of meshctl that it reads, one after the other, words separated by spaces;
 * whatever becomes of them. What is loaded meanwhile is what the cache is made of, with which
 * meshctl starts quickly.
 */
final class Rehearsal {
  private Rehearsal() {}

  public static void main(String[] ignored) throws IOException {
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Meshctl meshctl =
          new Meshctl(InputStream.nullInputStream(), System.out, System.err, false, null);
      int code = meshctl.run(List.of(line.split(" ")));
      System.out.println(line + ": " + code);
    }
  }
}
