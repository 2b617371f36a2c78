package io.meshd.cli.service;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.api.Json;
import io.meshd.api.Networks;
import io.meshd.api.Paths;
import io.meshd.api.Services;
import io.meshd.api.Services.NetworkAttachmentConfig;
import io.meshd.api.Services.PortConfig;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.EnvSpec;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.grammar.KeyValue;
import io.meshd.cli.grammar.NetworkSpec;
import io.meshd.cli.grammar.PublishSpec;
import io.meshd.cli.grammar.ShellWords;
import io.meshd.cli.http.ApiClient;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(description = "Update a service")
@Arguments(usage = "[OPTIONS] SERVICE", min = 1, max = 1)
public final class ServiceUpdate extends CliCommand {
  @Mixin ServiceFlags flags = new ServiceFlags();

  @Mixin ContainerListEdits lists = new ContainerListEdits();

  @Option(names = "--image", paramLabel = "string", description = "Service image tag")
  @Nullable String image;

  @Option(names = "--args", paramLabel = "command", description = "Service command args")
  @Nullable String args;

  @Option(names = "--force", description = "Force update even if no changes require it")
  boolean force;

  @Option(names = "--rollback", description = "Rollback to previous specification")
  boolean rollback;

  @Option(
      names = "--publish-add",
      paramLabel = "port",
      description = "Add or update a published port")
  List<PublishSpec> publishAdd = new ArrayList<>();

  @Option(
      names = "--publish-rm",
      paramLabel = "port",
      description = "Remove a published port by its target port")
  List<PublishSpec> publishRemove = new ArrayList<>();

  @Option(
      names = "--env-add",
      paramLabel = "list",
      description = "Add or update an environment variable")
  List<EnvSpec> envAdd = new ArrayList<>();

  @Option(names = "--env-rm", paramLabel = "list", description = "Remove an environment variable")
  List<String> envRemove = new ArrayList<>();

  @Option(names = "--label-add", paramLabel = "list", description = "Add or update a service label")
  List<KeyValue> labelAdd = new ArrayList<>();

  @Option(names = "--label-rm", paramLabel = "list", description = "Remove a label by its key")
  List<String> labelRemove = new ArrayList<>();

  @Option(
      names = "--container-label-add",
      paramLabel = "list",
      description = "Add or update a container label")
  List<KeyValue> containerLabelAdd = new ArrayList<>();

  @Option(
      names = "--container-label-rm",
      paramLabel = "list",
      description = "Remove a container label by its key")
  List<String> containerLabelRemove = new ArrayList<>();

  @Option(
      names = "--constraint-add",
      paramLabel = "list",
      description = "Add or update a placement constraint")
  List<String> constraintAdd = new ArrayList<>();

  @Option(names = "--constraint-rm", paramLabel = "list", description = "Remove a constraint")
  List<String> constraintRemove = new ArrayList<>();

  @Option(names = "--network-add", paramLabel = "network", description = "Add a network")
  List<NetworkSpec> networkAdd = new ArrayList<>();

  @Option(names = "--network-rm", paramLabel = "list", description = "Remove a network")
  List<String> networkRemove = new ArrayList<>();

  @Override
  public Set<String> unsupportedFlags() {
    return ServiceFlags.UNSUPPORTED;
  }

  @Override
  public int run() {
    String name = argument(0);
    ServiceUpdates updates = new ServiceUpdates(api());
    ServiceUpdates.Loaded service = updates.load(name);
    if (rollback && changesSpec()) {
      throw new Failure("other flags may not be combined with --rollback");
    }
    apply(service.spec());
    List<String> warnings = new ArrayList<>();
    Map<String, String> auth = flags.registryAuth(service.spec(), session().err()::println);
    if (image != null && !flags.noResolveImage) {
      new ImageDigest(api(), auth, warnings::add).pin(service.spec());
    }
    updates
        .send(service, rollback ? "&rollback=previous" : "", auth)
        .forEach(session().err()::println);
    warnings.forEach(session().err()::println);
    out().println(name);
    out().flush();
    return flags.detach ? 0 : Convergence.await(session(), name, flags.quiet);
  }

  private boolean changesSpec() {
    return force
        || image != null
        || args != null
        || flags.changesSpec()
        || lists.given()
        || !publishAdd.isEmpty()
        || !publishRemove.isEmpty()
        || !envAdd.isEmpty()
        || !envRemove.isEmpty()
        || !labelAdd.isEmpty()
        || !labelRemove.isEmpty()
        || !containerLabelAdd.isEmpty()
        || !containerLabelRemove.isEmpty()
        || !constraintAdd.isEmpty()
        || !constraintRemove.isEmpty()
        || !networkAdd.isEmpty()
        || !networkRemove.isEmpty();
  }

  /** Everything that was given, into the spec; what was not given stays as it was. */
  void apply(SpecTree spec) {
    flags.applyTo(spec);
    lists.applyTo(spec);
    replicas(spec);
    if (image != null) {
      spec.container().put("Image", ImageDigest.tagged(image));
    }
    if (args != null) {
      SpecTree.put(spec.container(), "Args", ShellWords.split(args));
    }
    if (force) {
      spec.task().put("ForceUpdate", spec.task().path("ForceUpdate").asLong() + 1);
    }
    environment(spec.container());
    labels(spec.root(), labelAdd, labelRemove);
    labels(spec.container(), containerLabelAdd, containerLabelRemove);
    constraints(spec);
    ports(spec);
    networks(spec);
  }

  private void replicas(SpecTree spec) {
    if (flags.replicas == null) {
      return;
    }
    if (!(spec.root().path("Mode").path("Replicated") instanceof ObjectNode replicated)) {
      throw new Failure("replicas can only be used with replicated or replicated-job mode");
    }
    replicated.put("Replicas", flags.replicas);
  }

  private void environment(ObjectNode container) {
    if (envAdd.isEmpty() && envRemove.isEmpty()) {
      return;
    }
    Map<String, String> byKey = new LinkedHashMap<>();
    SpecTree.strings(container, "Env").forEach(e -> byKey.put(EnvSpec.parse(e).key(), e));
    envAdd.forEach(env -> byKey.put(env.key(), env.text()));
    envRemove.forEach(byKey::remove);
    SpecTree.put(container, "Env", List.copyOf(byKey.values()));
  }

  private static void labels(ObjectNode owner, List<KeyValue> add, List<String> remove) {
    if (add.isEmpty() && remove.isEmpty()) {
      return;
    }
    ObjectNode labels = SpecTree.child(owner, "Labels");
    remove.forEach(labels::remove);
    add.forEach(label -> labels.put(label.key(), label.value()));
  }

  private void constraints(SpecTree spec) {
    if (constraintAdd.isEmpty() && constraintRemove.isEmpty()) {
      return;
    }
    Set<String> constraints =
        new LinkedHashSet<>(SpecTree.strings(spec.placement(), "Constraints"));
    constraintRemove.forEach(constraints::remove);
    constraints.addAll(constraintAdd);
    SpecTree.put(spec.placement(), "Constraints", List.copyOf(constraints));
  }

  private void ports(SpecTree spec) {
    if (publishAdd.isEmpty() && publishRemove.isEmpty()) {
      return;
    }
    List<PortConfig> current = SpecTree.read(spec.endpoint(), "Ports", PortConfig[].class);
    SpecTree.put(
        spec.endpoint(),
        "Ports",
        ServicePorts.edit(current, flatten(publishRemove), flatten(publishAdd)));
  }

  private static List<PortConfig> flatten(List<PublishSpec> specs) {
    return specs.stream().flatMap(spec -> spec.ports().stream()).toList();
  }

  /** Attachments are kept by network ID, whatever name the user gave. */
  private void networks(SpecTree spec) {
    if (networkAdd.isEmpty() && networkRemove.isEmpty()) {
      return;
    }
    List<NetworkAttachmentConfig> attached =
        SpecTree.read(spec.task(), "Networks", NetworkAttachmentConfig[].class);
    if (attached.isEmpty()) {
      attached = SpecTree.read(spec.root(), "Networks", NetworkAttachmentConfig[].class);
    }
    spec.root().remove("Networks");
    Set<String> gone = new HashSet<>(networkRemove);
    networkRemove.forEach(reference -> gone.add(networkId(reference)));
    attached.removeIf(attachment -> gone.contains(attachment.target()));
    for (NetworkSpec added : networkAdd) {
      String id = networkId(added.target());
      if (attached.stream().anyMatch(a -> a.target().equals(id))) {
        throw new Failure("service is already attached to network " + added.target());
      }
      attached.add(ServiceCreate.attachment(new NetworkSpec(id, added.aliases())));
    }
    SpecTree.put(spec.task(), "Networks", attached);
  }

  private String networkId(String reference) {
    return api()
        .get(
            Paths.NETWORKS + "/" + ApiClient.encode(reference) + "?scope=swarm",
            Networks.Network.class)
        .id();
  }

  /** For {@code service publish}: the ports of a spec with these added. */
  static void publish(SpecTree spec, List<PortConfig> add) {
    List<PortConfig> current = SpecTree.read(spec.endpoint(), "Ports", Services.PortConfig[].class);
    spec.endpoint()
        .set("Ports", Json.MAPPER.valueToTree(ServicePorts.edit(current, List.of(), add)));
  }
}
