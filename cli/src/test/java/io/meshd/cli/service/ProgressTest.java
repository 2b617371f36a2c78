package io.meshd.cli.service;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class ProgressTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  @Test
  void aTerminalKeepsOneLinePerName() {
    Progress progress = new Progress.Terminal(out);
    progress.show("overall progress", "0 out of 1 tasks", 0, 0);
    progress.show("1/1", "running  ", 9, 9);
    progress.show("overall progress", "1 out of 1 tasks", 0, 0);
    assertEquals(
        "\n\u001b[1A\u001b[2K\roverall progress: 0 out of 1 tasks \r\u001b[1B"
            + "\n\u001b[1A\u001b[2K\r1/1: running   ["
            + "=".repeat(50)
            + ">]\r\u001b[1B"
            + "\u001b[2A\u001b[2K\roverall progress: 1 out of 1 tasks \r\u001b[2B",
        bytes.toString(StandardCharsets.UTF_8));
  }

  @Test
  void aFileGetsALinePerChange() {
    Progress progress = new Progress.Plain(out);
    progress.show("1/1", " ", 0, 0);
    progress.show("1/1", "starting ", 8, 9);
    progress.show("1/1", "starting ", 8, 9);
    progress.show("1/1", "running  ", 9, 9);
    assertEquals("1/1: starting\n1/1: running\n", bytes.toString(StandardCharsets.UTF_8));
  }
}
