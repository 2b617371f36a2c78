package io.meshd.packaging;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Completion for fish, by its builtin {@code complete}; a line for each command and each option.
 */
final class FishCompletion {
  private final StringBuilder out = new StringBuilder();
  private final String program;

  private FishCompletion(String program) {
    this.program = program;
  }

  static String of(CommandSpec root) {
    FishCompletion completion = new FishCompletion(root.name());
    // True where the words before the cursor, options left out, begin with these; "-" at the end:
    // where they are just these.
    completion.out.append(
        """
        function __%1$s_at
            set -l words (commandline -opc | string match -v -- '-*')
            if test "$argv[-1]" = -
                set -e argv[-1]
                test "$words" = "$argv"
            else
                string match -q -- "$argv *" "$words "
            end
        end
        complete -c %1$s -f
        """
            .formatted(root.name()));
    completion.command(root, List.of(root.name()));
    return completion.out.toString();
  }

  private void command(CommandSpec spec, List<String> path) {
    String at = "__" + program + "_at " + String.join(" ", path);
    for (CommandLine below : spec.subcommands().values()) {
      CommandSpec command = below.getCommandSpec();
      line(at + " -")
          .append(" -a ")
          .append(command.name())
          .append(" -d ")
          .append(quoted(command.usageMessage().description()[0]))
          .append('\n');
    }
    for (OptionSpec option : spec.options()) {
      if (!option.hidden()) {
        option(spec.subcommands().isEmpty() ? at : at + " -", option);
      }
    }
    for (CommandLine below : spec.subcommands().values()) {
      List<String> words = new ArrayList<>(path);
      words.add(below.getCommandName());
      command(below.getCommandSpec(), words);
    }
  }

  private void option(String at, OptionSpec option) {
    StringBuilder line = line(at);
    for (String name : option.names()) {
      line.append(name.startsWith("--") ? " -l " : " -s ").append(name.replaceFirst("^--?", ""));
    }
    if (ManPage.takesValue(option)) {
      line.append(" -r");
      if (option.paramLabel().equals("file")) {
        line.append(" -F");
      }
    }
    line.append(" -d ").append(quoted(String.join(" ", option.description()))).append('\n');
  }

  private StringBuilder line(String at) {
    return out.append("complete -c ").append(program).append(" -n ").append(quoted(at));
  }

  /** In single quotes only the quote and the backslash mean something. */
  private static String quoted(String text) {
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }
}
