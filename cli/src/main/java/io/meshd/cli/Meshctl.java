package io.meshd.cli;

import io.meshd.api.Paths;
import io.meshd.api.Version;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.command.Session;
import io.meshd.cli.command.Terminals;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.grammar.FlagGrammar;
import io.meshd.cli.grammar.UsageFailure;
import io.meshd.cli.grammar.Values;
import io.meshd.cli.http.ApiClient;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/**
 * meshctl: finds the command, has its flags read, runs it. Exit codes are Docker's: 0, 1 for what
 * failed, {@link UsageFailure#EXIT_CODE} for a command line that cannot be read, and the exit code
 * of the command that {@code exec} ran.
 */
public final class Meshctl {
  private static final String USAGE = "meshctl [OPTIONS] COMMAND [ARG...]";
  private static final Arguments NO_ARGUMENTS = NoArguments.class.getAnnotation(Arguments.class);

  private final InputStream in;
  private final PrintStream out;
  private final PrintStream err;
  private final boolean terminal;
  private final @Nullable String environmentHost;

  /**
   * @param environmentHost the value of MESHD_HOST, or null
   */
  public Meshctl(
      InputStream in,
      PrintStream out,
      PrintStream err,
      boolean terminal,
      @Nullable String environmentHost) {
    this.in = in;
    this.out = out;
    this.err = err;
    this.terminal = terminal;
    this.environmentHost = environmentHost;
  }

  public static void main(String[] args) {
    PrintStream out =
        new PrintStream(
            new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 8192),
            false,
            StandardCharsets.UTF_8);
    PrintStream err =
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    InputStream in = new FileInputStream(FileDescriptor.in);
    Meshctl meshctl = new Meshctl(in, out, err, Terminals.is(1), System.getenv("MESHD_HOST"));
    int code = meshctl.run(List.of(args));
    System.exit(code);
  }

  /** Runs one command line and returns its exit code; prints no stack trace, ever. */
  public int run(List<String> args) {
    int code;
    try {
      code = dispatch(args);
    } catch (Failure e) {
      out.flush();
      if (!e.text().isEmpty()) {
        err.println(e.text());
      }
      code = e.exitCode();
    } catch (RuntimeException | StackOverflowError e) {
      out.flush();
      err.println("meshctl: internal error: " + e);
      code = 1;
    }
    out.flush();
    err.flush();
    return code;
  }

  private int dispatch(List<String> args) {
    Globals globals = new Globals();
    CommandLine line = line(globals);
    read(line, args, false, Set.of(), "meshctl", USAGE);
    if (globals.version) {
      out.println("meshctl version " + Version.TEXT);
      return 0;
    }
    List<String> words = globals.words;
    if (words.isEmpty() || globals.help || words.getFirst().equals("help")) {
      return help(line.getCommandSpec(), words);
    }
    String noun = words.getFirst();
    List<CommandTree.Entry> verbs = CommandTree.verbs(noun);
    if (verbs.isEmpty()) {
      CliCommand command = CommandTree.create(noun);
      if (command == null) {
        throw UsageFailure.unknownCommand(
            "meshctl " + noun, "\n\nRun 'meshctl --help' for more information");
      }
      return run(globals, command, noun, words.subList(1, words.size()));
    }
    if (words.size() == 1 || words.get(1).equals("--help") || words.get(1).equals("-h")) {
      return nounHelp(noun);
    }
    String verb = CommandTree.verb(noun, words.get(1));
    CliCommand command = CommandTree.create(noun + " " + verb);
    if (command == null) {
      String tail = "\n\nUsage:  meshctl %1$s\n\nRun 'meshctl %1$s --help' for more information";
      if (verb.startsWith("-")) {
        throw UsageFailure.plain("unknown flag: " + verb + tail.formatted(noun));
      }
      throw UsageFailure.unknownCommand(
          "meshctl " + noun + " " + words.get(1), tail.formatted(noun));
    }
    return run(globals, command, noun + " " + verb, words.subList(2, words.size()));
  }

  private int run(Globals globals, CliCommand command, String words, List<String> args) {
    String path = "meshctl " + words;
    Arguments rule = command.getClass().getAnnotation(Arguments.class);
    rule = rule == null ? NO_ARGUMENTS : rule;
    String usage = (path + " " + rule.usage()).strip();
    CommandLine line = line(command);
    boolean asksHelp = args.size() == 1 && (args.contains("--help") || args.contains("-h"));
    if (!asksHelp) {
      read(line, args, rule.interspersed(), command.unsupportedFlags(), path, usage);
    }
    if (asksHelp || command.wantsHelp()) {
      out.print(HelpText.command(usage, line.getCommandSpec()));
      return 0;
    }
    checkArguments(rule, command.arguments().size(), path, usage);
    command.bind(new Session(new ApiClient(host(globals)), in, out, err, terminal));
    return command.run();
  }

  private static CommandLine line(Object command) {
    CommandLine line = new CommandLine(command);
    line.setOverwrittenOptionsAllowed(true);
    line.setExpandAtFiles(false);
    line.setTrimQuotes(false);
    Values.register(line);
    return line;
  }

  private static void read(
      CommandLine line,
      List<String> args,
      boolean interspersed,
      Set<String> unsupported,
      String path,
      String usage) {
    try {
      FlagGrammar grammar = new FlagGrammar(line.getCommandSpec(), interspersed, unsupported);
      line.parseArgs(grammar.canonical(args).toArray(String[]::new));
    } catch (FlagGrammar.Misuse e) {
      throw UsageFailure.flag(String.valueOf(e.getMessage()), path, usage);
    } catch (CommandLine.ParameterException e) {
      throw UsageFailure.flag(String.valueOf(e.getMessage()), path, usage);
    }
  }

  private static void checkArguments(Arguments rule, int count, String path, String usage) {
    if (count >= rule.min() && count <= rule.max()) {
      return;
    }
    if (rule.max() == 0) {
      throw UsageFailure.arguments("accepts no arguments", path, usage, "Run");
    }
    if (rule.min() == rule.max()) {
      throw UsageFailure.arguments("requires " + plural(rule.min()), path, usage, "Run");
    }
    if (rule.max() == Integer.MAX_VALUE) {
      throw UsageFailure.arguments("requires at least " + plural(rule.min()), path, usage, "See");
    }
    throw UsageFailure.arguments(
        rule.min() == 0
            ? "requires at most " + plural(rule.max())
            : "requires at least %d and at most %s".formatted(rule.min(), plural(rule.max())),
        path,
        usage,
        "Run");
  }

  private static String plural(int count) {
    return count + (count == 1 ? " argument" : " arguments");
  }

  private String host(Globals globals) {
    if (globals.host != null && !globals.host.isEmpty()) {
      return globals.host;
    }
    return environmentHost == null || environmentHost.isEmpty()
        ? "unix://" + Paths.SOCKET
        : environmentHost;
  }

  private int help(CommandSpec spec, List<String> words) {
    if (words.size() > 1 && words.getFirst().equals("help")) {
      if (!CommandTree.verbs(words.get(1)).isEmpty()) {
        return nounHelp(words.get(1));
      }
      throw new Failure("unknown help topic: " + String.join(" ", words.subList(1, words.size())));
    }
    out.print(
        HelpText.noun(
            "meshctl [OPTIONS] COMMAND",
            "Overlay networks, service names and a routing mesh",
            CommandTree.TOP));
    out.print("\nGlobal Options:\n" + HelpText.options(spec));
    return 0;
  }

  private int nounHelp(String noun) {
    String description =
        CommandTree.TOP.stream()
            .filter(entry -> entry.word().equals(noun))
            .map(CommandTree.Entry::description)
            .findFirst()
            .orElse("");
    out.print(HelpText.noun("meshctl " + noun + " COMMAND", description, CommandTree.verbs(noun)));
    return 0;
  }

  @Arguments(usage = "[OPTIONS]", max = 0)
  private static final class NoArguments {}
}
