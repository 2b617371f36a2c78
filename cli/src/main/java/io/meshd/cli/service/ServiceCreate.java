package io.meshd.cli.service;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.api.Json;
import io.meshd.api.Paths;
import io.meshd.api.Services;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.EnvSpec;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.grammar.KeyValue;
import io.meshd.cli.grammar.NetworkSpec;
import io.meshd.cli.grammar.PublishSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(description = "Create a new service")
@Arguments(usage = "[OPTIONS] IMAGE [COMMAND] [ARG...]", min = 1, interspersed = false)
public final class ServiceCreate extends CliCommand {
  @Mixin ServiceFlags flags = new ServiceFlags();

  @Mixin ContainerLists lists = new ContainerLists();

  @Option(names = "--name", paramLabel = "string", description = "Service name")
  String name = "";

  @Option(
      names = "--runtime",
      paramLabel = "string",
      description =
          "What runs the tasks: \"container\" (default) or \"process\", which takes no IMAGE")
  String runtime = "container";

  @Option(
      names = "--mode",
      paramLabel = "string",
      description = "Service mode (\"replicated\", \"global\") (default \"replicated\")")
  String mode = "replicated";

  @Option(names = "--network", paramLabel = "network", description = "Network attachments")
  List<NetworkSpec> networks = new ArrayList<>();

  @Option(
      names = {"-p", "--publish"},
      paramLabel = "port",
      description = "Publish a port as a node port")
  List<PublishSpec> publish = new ArrayList<>();

  @Option(
      names = {"-e", "--env"},
      paramLabel = "list",
      description = "Set environment variables")
  List<EnvSpec> env = new ArrayList<>();

  @Option(
      names = "--env-file",
      paramLabel = "list",
      description = "Read in a file of environment variables")
  List<String> envFiles = new ArrayList<>();

  @Option(
      names = {"-l", "--label"},
      paramLabel = "list",
      description = "Service labels")
  List<KeyValue> labels = new ArrayList<>();

  @Option(names = "--container-label", paramLabel = "list", description = "Container labels")
  List<KeyValue> containerLabels = new ArrayList<>();

  @Option(names = "--constraint", paramLabel = "list", description = "Placement constraints")
  List<String> constraints = new ArrayList<>();

  @Override
  public Set<String> unsupportedFlags() {
    return ServiceFlags.UNSUPPORTED;
  }

  @Override
  public int run() {
    ObjectNode spec = spec();
    List<String> warnings = new ArrayList<>();
    Map<String, String> auth = flags.registryAuth(new SpecTree(spec), session().err()::println);
    if (!flags.noResolveImage) {
      new ImageDigest(api(), auth, warnings::add).pin(new SpecTree(spec));
    }
    Services.CreateResponse created =
        api().post(Paths.SERVICES + "/create", auth, spec, Services.CreateResponse.class);
    warn(created.warnings());
    warn(warnings);
    out().println(created.id());
    out().flush();
    return flags.detach ? 0 : Convergence.await(session(), created.id(), flags.quiet);
  }

  private void warn(@Nullable List<String> warnings) {
    if (warnings != null) {
      warnings.forEach(session().err()::println);
    }
  }

  /** The request, which is also the unit under test. */
  ObjectNode spec() {
    SpecTree spec = new SpecTree(Json.MAPPER.createObjectNode());
    spec.root().put("Name", name);
    spec.root().set("Labels", Json.MAPPER.valueToTree(KeyValue.map(labels)));
    command(spec);
    SpecTree.put(spec.container(), "Env", environment());
    if (!containerLabels.isEmpty()) {
      spec.container().set("Labels", Json.MAPPER.valueToTree(KeyValue.map(containerLabels)));
    }
    SpecTree.put(spec.placement(), "Constraints", constraints);
    spec.root().set("Mode", Json.MAPPER.valueToTree(serviceMode()));
    List<Services.NetworkAttachmentConfig> attachments =
        networks.stream().map(ServiceCreate::attachment).toList();
    SpecTree.put(spec.task(), "Networks", attachments);
    List<Services.PortConfig> ports =
        publish.stream().flatMap(spec1 -> spec1.ports().stream()).toList();
    SpecTree.put(spec.endpoint(), "Ports", ports);
    flags.applyTo(spec);
    lists.applyTo(spec);
    return spec.root();
  }

  private void command(SpecTree spec) {
    List<String> rest = arguments.subList(1, arguments.size());
    switch (runtime) {
      case "container" -> {
        spec.container().put("Image", ImageDigest.tagged(arguments.getFirst()));
        SpecTree.put(spec.container(), "Args", rest);
      }
      case "process" -> {
        spec.task().put("Runtime", "process");
        SpecTree.put(spec.container(), "Command", List.of(arguments.getFirst()));
        SpecTree.put(spec.container(), "Args", rest);
      }
      default ->
          throw new Failure(
              "Unknown runtime: %s, only container and process supported".formatted(runtime));
    }
  }

  private Services.ServiceMode serviceMode() {
    return switch (mode) {
      case "replicated" ->
          new Services.ServiceMode(
              new Services.Replicated(flags.replicas == null ? 1 : flags.replicas), null);
      case "global" -> {
        if (flags.replicas != null) {
          throw new Failure("replicas can only be used with replicated or replicated-job mode");
        }
        if (flags.maxPerNode != null && flags.maxPerNode > 0) {
          throw new Failure(
              "replicas-max-per-node can only be used with replicated or replicated-job mode");
        }
        yield new Services.ServiceMode(null, new Services.Global());
      }
      default ->
          throw new Failure(
              "Unknown mode: %s, only replicated and global supported".formatted(mode));
    };
  }

  static Services.NetworkAttachmentConfig attachment(NetworkSpec network) {
    return new Services.NetworkAttachmentConfig(
        network.target(), network.aliases().isEmpty() ? null : network.aliases(), null);
  }

  /** Files first, then flags; a later value of a name replaces an earlier one in its place. */
  private List<String> environment() {
    Map<String, String> byKey = new LinkedHashMap<>();
    for (String file : envFiles) {
      EnvSpec.readFile(file).forEach(line -> byKey.put(line.key(), line.text()));
    }
    env.forEach(given -> byKey.put(given.key(), given.text()));
    return List.copyOf(byKey.values());
  }
}
