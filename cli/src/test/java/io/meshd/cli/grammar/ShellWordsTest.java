package io.meshd.cli.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

final class ShellWordsTest {
  @Test
  void splitsAsAShellDoes() {
    assertEquals(
        List.of("sh", "-c", "echo \"a  b\" $x", "", "a b"),
        ShellWords.split(" sh -c 'echo \"a  b\" $x'  \"\" a\\ b "));
  }

  @Test
  void refusesAnOpenQuote() {
    assertThrows(Failure.class, () -> ShellWords.split("echo 'a"));
  }
}
