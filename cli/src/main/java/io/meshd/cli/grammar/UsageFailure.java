package io.meshd.cli.grammar;

/** The command line itself is wrong; nothing was sent to the daemon. */
public final class UsageFailure extends Failure {
  private static final long serialVersionUID = 1L;

  /** Docker's exit code for a command line it cannot read. */
  public static final int EXIT_CODE = 125;

  private UsageFailure(String text) {
    super(text, EXIT_CODE);
  }

  /** A flag's trouble, in pflag's words, followed by the usage of the command. */
  public static UsageFailure flag(String words, String path, String usage) {
    return new UsageFailure(words + tail(path, usage, "Run"));
  }

  /** A wrong number of arguments: {@code meshctl: 'meshctl network create' requires 1 argument}. */
  public static UsageFailure arguments(String words, String path, String usage, String verb) {
    return new UsageFailure("meshctl: '" + path + "' " + words + tail(path, usage, verb));
  }

  public static UsageFailure unknownCommand(String path, String usage) {
    return new UsageFailure("meshctl: unknown command: " + path + usage);
  }

  public static UsageFailure plain(String text) {
    return new UsageFailure(text);
  }

  private static String tail(String path, String usage, String verb) {
    return "\n\nUsage:  %s\n\n%s '%s --help' for more information".formatted(usage, verb, path);
  }
}
