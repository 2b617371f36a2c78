package io.meshd.packaging;

import io.meshd.cli.CommandModel;
import io.meshd.daemon.ConfigReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** Writes the manuals and the completion of three shells below a folder such as /usr/share. */
public final class Documents {
  private final Path share;
  private final LocalDate date;

  /**
   * @param date what the manuals say that they are of
   */
  Documents(Path share, LocalDate date) {
    this.share = share;
    this.date = date;
  }

  /** {@code Documents FOLDER MESHD.YAML SECONDS}, the last since the epoch. */
  public static void main(String[] arguments) throws IOException {
    Instant time = Instant.ofEpochSecond(Long.parseLong(arguments[2]));
    new Documents(Path.of(arguments[0]), LocalDate.ofInstant(time, ZoneOffset.UTC))
        .write(Files.readString(Path.of(arguments[1])));
  }

  /**
   * @param configuration the text of the file that is installed as /etc/meshd/meshd.yaml
   */
  void write(String configuration) throws IOException {
    manual("man8/meshd.8", daemon());
    manual("man5/meshd.yaml.5", file(configuration));
    CommandSpec root = CommandModel.root();
    commands(root, List.of());
    text("bash-completion/completions/meshctl", bash(root));
    // zsh reads bash's form (bashcompinit); the script turns that on by itself.
    text(
        "zsh/vendor-completions/_meshctl",
        """
        #compdef meshctl
        autoload -U +X bashcompinit && bashcompinit
        (( $+functions[compopt] )) || compopt() { : }
        . /usr/share/bash-completion/completions/meshctl
        _bash_complete -o default -F _complete_meshctl "$@"
        """);
    text("fish/vendor_completions.d/meshctl.fish", FishCompletion.of(root));
  }

  private ManPage daemon() {
    return new ManPage("meshd", 8, "the daemon of a node", date)
        .section("SYNOPSIS")
        .synopsis("meshd [OPTIONS]")
        .section("DESCRIPTION")
        .paragraph(
            "Overlay networks between containers and processes on different nodes, addresses and"
                + " virtual IPs for services, and a routing mesh that answers a published port on"
                + " every node. One meshd runs on each node, as root, usually as the service"
                + " meshd.service; meshctl(1) is its command line.")
        .paragraph(
            "SIGTERM ends it and leaves tasks, their interfaces and their flows as they are; the"
                + " next start takes them up.")
        .section("OPTIONS")
        .options(new ConfigReader().spec())
        .section("FILES")
        .term("/etc/meshd/meshd.yaml", "the configuration, see meshd.yaml(5)")
        .term("/var/lib/meshd", "what outlives a restart")
        .term("/run/meshd", "what a reboot ends; meshd.sock, the API")
        .section("EXIT STATUS")
        .paragraph("1, with one sentence on standard error, where it cannot start.")
        .seeAlso("meshctl(1)", "meshd.yaml(5)");
  }

  private ManPage file(String configuration) {
    return new ManPage("meshd.yaml", 5, "the configuration of meshd", date)
        .section("DESCRIPTION")
        .paragraph(
            "Lines of the form KEY: VALUE (YAML). Each key is a flag of meshd(8) too, and a flag"
                + " wins. A key or a value that is not known keeps meshd from starting, and is named"
                + " with its line. The file as it is installed:")
        .verbatim(configuration)
        .seeAlso("meshd(8)");
  }

  /** A page for the command and for each below it, named as Docker names its own. */
  private void commands(CommandSpec spec, List<String> above) throws IOException {
    List<String> path = new ArrayList<>(above);
    path.add(spec.name());
    ManPage page =
        new ManPage(String.join("-", path), 1, spec.usageMessage().description()[0], date)
            .section("SYNOPSIS")
            .synopsis(spec.usageMessage().customSynopsis()[0])
            .section("DESCRIPTION")
            .paragraph(String.join(" ", spec.usageMessage().description()) + ".");
    if (spec.options().stream().anyMatch(option -> !option.hidden())) {
      page.section("OPTIONS").options(spec);
    }
    if (!spec.subcommands().isEmpty()) {
      page.section("COMMANDS");
      for (CommandLine below : spec.subcommands().values()) {
        CommandSpec command = below.getCommandSpec();
        page.term(
            String.join("-", path) + "-" + command.name() + "(1)",
            command.usageMessage().description()[0]);
        commands(command, path);
      }
    }
    if (above.isEmpty()) {
      page.section("ENVIRONMENT")
          .term("MESHD_HOST", "the daemon's socket, as --host; unix:///run/meshd/meshd.sock")
          .seeAlso("meshd(8)");
    } else {
      page.seeAlso(String.join("-", above) + "(1)");
    }
    manual("man1/" + String.join("-", path) + ".1", page);
  }

  private static String bash(CommandSpec root) {
    // It is sourced, not run.
    return AutoComplete.bash("meshctl", new CommandLine(root)).replaceFirst("^#!.*\n", "");
  }

  private void manual(String file, ManPage page) throws IOException {
    text("man/" + file, page.roff());
  }

  private void text(String file, String text) throws IOException {
    Path path = share.resolve(file);
    Files.createDirectories(path.resolveSibling("."));
    Files.writeString(path, text);
  }
}
