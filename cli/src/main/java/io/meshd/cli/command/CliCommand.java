package io.meshd.cli.command;

import io.meshd.cli.grammar.Failure;
import io.meshd.cli.http.ApiClient;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A command: picocli fills its fields, {@link #run} does it and returns the exit code. */
public abstract class CliCommand {
  @Parameters(arity = "0..*", hidden = true)
  protected List<String> arguments = new ArrayList<>();

  @Option(
      names = {"-h", "--help"},
      hidden = true)
  boolean help;

  private @Nullable Session session;

  /**
   * @throws Failure with what to print
   */
  public abstract int run();

  /** Docker's flags of this command that meshd cannot serve; each is an error that names it. */
  public Set<String> unsupportedFlags() {
    return Set.of();
  }

  public final void bind(Session session) {
    this.session = session;
  }

  public final boolean wantsHelp() {
    return help;
  }

  public final List<String> arguments() {
    return List.copyOf(arguments);
  }

  protected final Session session() {
    if (session == null) {
      throw new IllegalStateException("not bound");
    }
    return session;
  }

  protected final ApiClient api() {
    return session().api();
  }

  protected final PrintStream out() {
    return session().out();
  }

  protected final String argument(int index) {
    return arguments.get(index);
  }

  /** Does all of them, prints each error where it happens; 1 when there was one. */
  protected final int each(List<String> names, Consumer<String> action) {
    int code = 0;
    for (String name : names) {
      try {
        action.accept(name);
      } catch (Failure e) {
        out().flush();
        session().err().println(e.text());
        code = e.exitCode();
      }
    }
    return code;
  }
}
