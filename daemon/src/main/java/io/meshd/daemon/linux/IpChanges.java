package io.meshd.daemon.linux;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A change set for {@code ip -batch}, one process for all of it. Every line is tried; a refusal
 * that only says that the work is done already is no error, so that a set can be repeated at any
 * time.
 */
public final class IpChanges {
  private static final String FAILED = "Command failed -:";

  private record Line(String text, List<String> tolerated) {}

  private final List<Line> lines = new ArrayList<>();

  /** A line of {@code ip} without the word ip; every refusal is an error. */
  public IpChanges line(String text) {
    lines.add(new Line(text, List.of()));
    return this;
  }

  /** Something to be made, that may be there already. */
  public IpChanges make(String text) {
    lines.add(new Line(text, List.of("File exists")));
    return this;
  }

  /** Something to be removed, that may be gone already. */
  public IpChanges remove(String text) {
    lines.add(
        new Line(
            text,
            List.of(
                "Cannot find device",
                "No such device",
                "No such process",
                "No such file or directory",
                "Cannot assign requested address")));
    return this;
  }

  public boolean isEmpty() {
    return lines.isEmpty();
  }

  /**
   * Applies the set.
   *
   * @param netns the network namespace by path, or null for the daemon's own
   * @throws LinuxException with every line that failed
   */
  public void apply(@Nullable Path netns) throws IOException {
    if (lines.isEmpty()) {
      return;
    }
    List<String> command = new ArrayList<>(NetworkNamespaces.enter(netns));
    command.addAll(List.of(ToolRun.find("ip"), "-force", "-batch", "-"));
    StringBuilder input = new StringBuilder();
    for (Line line : lines) {
      input.append(line.text).append('\n');
    }
    ToolRun run = ToolRun.run(command, input.toString());
    List<String> problems = problems(run, netns);
    if (!problems.isEmpty()) {
      throw new LinuxException(problems);
    }
  }

  /** What ip says of a line comes before its {@code Command failed -:N}; N counts from 1. */
  private List<String> problems(ToolRun run, @Nullable Path netns) {
    List<String> problems = new ArrayList<>();
    List<String> words = new ArrayList<>();
    for (String said : run.err().lines().toList()) {
      if (!said.startsWith(FAILED)) {
        words.add(said.strip());
        continue;
      }
      Line line = lines.get(Integer.parseInt(said.substring(FAILED.length()).strip()) - 1);
      String reason = String.join(" ", words);
      words.clear();
      if (line.tolerated.stream().noneMatch(reason::contains)) {
        problems.add(said(line.text, reason, netns));
      }
    }
    // A malformed line ends ip itself, without saying which one it was.
    if (run.exit() != 0 && !words.isEmpty()) {
      problems.add(said("...", String.join(" ", words), netns));
    } else if (run.exit() != 0 && run.err().isBlank()) {
      problems.add(said("...", "ended with exit code " + run.exit(), netns));
    }
    return problems;
  }

  private static String said(String line, String reason, @Nullable Path netns) {
    return "ip " + line + (netns == null ? "" : " (in " + netns + ")") + ": " + reason;
  }
}
