package io.meshd.dataplane.sys;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PtyTest {

  @Test
  void aShellTalksThroughItAndKnowsItsSize() throws Exception {
    try (Pty pty = Pty.open()) {
      pty.resize(33, 101);
      Process shell = shell(pty, "tty; stty size; read line; echo \"got $line\"");
      CompletableFuture<String> printed = printed(pty);
      pty.output().write("hello\n".getBytes(StandardCharsets.UTF_8));

      assertEquals(0, shell.waitFor());
      String text = printed.get(10, TimeUnit.SECONDS);
      assertTrue(text.contains(pty.slave().toString()), text);
      assertTrue(text.contains("33 101"), text);
      assertTrue(text.contains("got hello"), text);
    }
  }

  @Test
  void closeWakesAReader() throws Exception {
    Pty pty = Pty.open();
    Process shell = shell(pty, "echo ready; exec sleep 60");
    // Only then it is the shell's controlling terminal.
    assertEquals("ready\r\n", new String(pty.input().readNBytes(7), StandardCharsets.UTF_8));
    CompletableFuture<String> printed = printed(pty);
    pty.close();
    assertEquals("", printed.get(10, TimeUnit.SECONDS));
    await().until(() -> !shell.isAlive()); // by SIGHUP
  }

  private static Process shell(Pty pty, String script) throws IOException {
    File slave = pty.slave().toFile();
    // Under nohup SIGHUP is ignored, and that is inherited.
    String[] command = {"setsid", "--ctty", "env", "--default-signal=HUP", "sh", "-c", script};
    return new ProcessBuilder(command)
        .redirectInput(slave)
        .redirectOutput(slave)
        .redirectErrorStream(true)
        .start();
  }

  private static CompletableFuture<String> printed(Pty pty) {
    CompletableFuture<String> text = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              try {
                text.complete(new String(pty.input().readAllBytes(), StandardCharsets.UTF_8));
              } catch (IOException e) {
                text.completeExceptionally(new UncheckedIOException(e));
              }
            });
    return text;
  }
}
