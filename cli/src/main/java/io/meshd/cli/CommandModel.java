package io.meshd.cli;

import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import java.util.List;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/**
 * All commands at once as picocli's model, for manuals and completion; a run of meshctl itself
 * makes one command only, see {@link CommandTree}. Of each command: its description, its options,
 * and its usage line in Docker's form as the synopsis heading.
 */
public final class CommandModel {
  private CommandModel() {}

  public static CommandSpec root() {
    CommandSpec root = CommandSpec.forAnnotatedObject(new Globals()).name("meshctl");
    describe(
        root, "meshctl [OPTIONS] COMMAND", "Overlay networks, service names and a routing mesh");
    for (CommandTree.Entry top : CommandTree.TOP) {
      List<CommandTree.Entry> verbs = CommandTree.verbs(top.word());
      CommandSpec below = verbs.isEmpty() ? command(top, top.word()) : noun(top, verbs);
      root.addSubcommand(top.word(), new CommandLine(below));
    }
    return root;
  }

  private static CommandSpec noun(CommandTree.Entry noun, List<CommandTree.Entry> verbs) {
    CommandSpec spec = CommandSpec.create().name(noun.word());
    describe(spec, "meshctl " + noun.word() + " COMMAND", noun.description());
    for (CommandTree.Entry verb : verbs) {
      spec.addSubcommand(
          verb.word(), new CommandLine(command(verb, noun.word() + " " + verb.word())));
    }
    return spec;
  }

  private static CommandSpec command(CommandTree.Entry entry, String path) {
    CliCommand command = Objects.requireNonNull(CommandTree.create(path), path);
    CommandSpec spec = CommandSpec.forAnnotatedObject(command).name(entry.word());
    Arguments rule = command.getClass().getAnnotation(Arguments.class);
    String usage = rule == null ? "[OPTIONS]" : rule.usage();
    describe(spec, ("meshctl " + path + " " + usage).strip(), entry.description());
    return spec;
  }

  private static void describe(CommandSpec spec, String usage, String description) {
    spec.usageMessage().customSynopsis(usage).description(description);
  }
}
