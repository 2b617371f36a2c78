package io.meshd.cli.container;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The user's terminal in raw mode, by stty on /dev/tty; given back on close and on exit. */
final class TerminalMode implements AutoCloseable {
  private static final File TTY = new File("/dev/tty");

  private final @Nullable String saved;
  private final Thread restoreOnExit = new Thread(this::restore);

  private TerminalMode(@Nullable String saved) {
    this.saved = saved;
  }

  static TerminalMode raw() {
    TerminalMode mode = new TerminalMode(stty("-g"));
    Runtime.getRuntime().addShutdownHook(mode.restoreOnExit);
    stty("raw", "-echo");
    return mode;
  }

  /** Rows and columns, or null where there is no terminal. */
  static @Nullable List<Integer> size() {
    String text = stty("size");
    if (text == null || !text.matches("\\d{1,5} \\d{1,5}")) {
      return null;
    }
    int space = text.indexOf(' ');
    return List.of(
        Integer.valueOf(text.substring(0, space)), Integer.valueOf(text.substring(space + 1)));
  }

  private void restore() {
    if (saved != null) {
      stty(saved);
    }
  }

  @Override
  public void close() {
    restore();
    try {
      Runtime.getRuntime().removeShutdownHook(restoreOnExit);
    } catch (IllegalStateException e) {
      // Already going down: the hook does it.
    }
  }

  private static @Nullable String stty(String... arguments) {
    List<String> command = new ArrayList<>(List.of("stty"));
    command.addAll(List.of(arguments));
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectInput(TTY)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String text =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
      return process.waitFor(5, TimeUnit.SECONDS) && process.exitValue() == 0 ? text : null;
    } catch (IOException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }
}
