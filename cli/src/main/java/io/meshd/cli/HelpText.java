package io.meshd.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code --help} in Docker's layout. */
final class HelpText {
  private HelpText() {}

  static String command(String usage, CommandSpec spec) {
    StringBuilder out = new StringBuilder("Usage:  ").append(usage).append("\n\n");
    out.append(String.join("\n", spec.usageMessage().description())).append('\n');
    String options = options(spec);
    return options.isEmpty()
        ? out.toString()
        : out.append("\nOptions:\n").append(options).toString();
  }

  static String noun(String usage, String description, List<CommandTree.Entry> entries) {
    StringBuilder out = new StringBuilder("Usage:  ").append(usage).append("\n\n");
    out.append(description).append("\n\nCommands:\n");
    int width = entries.stream().mapToInt(e -> e.word().length()).max().orElse(0);
    for (CommandTree.Entry entry : entries) {
      out.append("  ")
          .append(pad(entry.word(), width + 2))
          .append(entry.description())
          .append('\n');
    }
    return out.append("\nRun '")
        .append(usage.replace(" [OPTIONS]", "").replace(" COMMAND", ""))
        .append(" COMMAND --help' for more information on a command.\n")
        .toString();
  }

  static String options(CommandSpec spec) {
    List<String[]> lines = new ArrayList<>();
    spec.options().stream()
        .filter(option -> !option.hidden())
        .sorted(Comparator.comparing(OptionSpec::longestName))
        .forEach(option -> lines.add(line(option)));
    int width = lines.stream().mapToInt(line -> line[0].length()).max().orElse(0);
    StringBuilder out = new StringBuilder();
    for (String[] line : lines) {
      out.append(pad(line[0], width + 3)).append(line[1]).append('\n');
    }
    return out.toString();
  }

  private static String[] line(OptionSpec option) {
    String shortest = option.shortestName();
    boolean hasShort = !shortest.startsWith("--");
    boolean isSwitch = option.type() == boolean.class || option.type() == Boolean.class;
    String flag =
        (hasShort ? "  " + shortest + ", " : "      ")
            + option.longestName()
            + (isSwitch ? "" : " " + option.paramLabel());
    return new String[] {flag, String.join(" ", option.description())};
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }
}
