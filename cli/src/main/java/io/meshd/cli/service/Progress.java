package io.meshd.cli.service;

import java.io.PrintStream;
import java.util.HashMap;
import java.util.Map;

/** Lines of progress, each with a name of its own and a text that changes. */
sealed interface Progress {
  /**
   * @param current of {@code total}; 0 of 0 where there is no bar
   */
  void show(String name, String text, int current, int total);

  /** Where the user sees nothing. */
  record Silent() implements Progress {
    @Override
    public void show(String name, String text, int current, int total) {
      // Quiet was asked for.
    }
  }

  /** One line per change, for files and pipes. */
  final class Plain implements Progress {
    private final PrintStream out;
    private final Map<String, String> shown = new HashMap<>();

    Plain(PrintStream out) {
      this.out = out;
    }

    @Override
    public void show(String name, String text, int current, int total) {
      String trimmed = text.strip();
      if (!trimmed.equals(shown.put(name, trimmed)) && !trimmed.isEmpty()) {
        out.println(name + ": " + trimmed);
        out.flush();
      }
    }
  }

  /** Every name keeps its line on the terminal; the cursor goes up to it and back down. */
  final class Terminal implements Progress {
    private static final int BAR = 50;
    private static final String ERASE_LINE = "\u001b[2K";

    private final PrintStream out;
    private final Map<String, Integer> lines = new HashMap<>();

    Terminal(PrintStream out) {
      this.out = out;
    }

    @Override
    public void show(String name, String text, int current, int total) {
      Integer known = lines.get(name);
      int line = known == null ? lines.size() : known;
      if (known == null) {
        lines.put(name, line);
        out.print("\n");
      }
      int up = lines.size() - line;
      out.print("\u001b[" + up + "A" + ERASE_LINE + "\r");
      out.print(name + ": " + text + " " + bar(current, total) + "\r");
      out.print("\u001b[" + up + "B");
      out.flush();
    }

    private static String bar(int current, int total) {
      if (total == 0) {
        return "";
      }
      int filled = Math.min(BAR, current * BAR / total);
      return "[" + "=".repeat(filled) + ">" + " ".repeat(BAR - filled) + "]";
    }
  }
}
