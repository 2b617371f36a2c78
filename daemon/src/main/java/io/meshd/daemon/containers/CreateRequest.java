package io.meshd.daemon.containers;

import io.meshd.api.Containers;
import io.meshd.api.Json;
import io.meshd.api.Services;
import io.meshd.daemon.linux.NodeNamespace;
import io.meshd.daemon.plugin.PluginOptions;
import io.meshd.daemon.tasks.DesiredContainer;
import io.meshd.daemon.tasks.DesiredTask;
import io.meshd.daemon.tasks.HostPort;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A task as the Engine's {@code POST /containers/create} asks for it (Docker Engine API,
 * "ContainerCreate"). Only what was asked for is said, so that the image's own words count for the
 * rest. Pure.
 */
final class CreateRequest {
  /** By which containers of this runtime are known, also those of an earlier cluster. */
  static final String LABEL = "io.meshd.task";

  private final DesiredTask task;
  private final DesiredContainer container;
  private final Services.ContainerSpec spec;

  CreateRequest(DesiredTask task, DesiredContainer container) {
    this.task = task;
    this.container = container;
    this.spec = container.spec().containerSpec();
  }

  /**
   * @param network the Engine's name of the task's first network, or null where it has none
   */
  Map<String, Object> body(@Nullable String network) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("Image", container.image());
    Map<String, String> labels = new LinkedHashMap<>(container.labels());
    labels.put(LABEL, task.id());
    body.put("Labels", labels);
    put(body, "Entrypoint", spec.command());
    put(body, "Cmd", spec.args());
    put(body, "Env", spec.env());
    put(body, "Hostname", spec.hostname());
    put(body, "User", spec.user());
    put(body, "WorkingDir", spec.dir());
    put(body, "Tty", spec.tty());
    put(body, "OpenStdin", spec.openStdin());
    put(body, "StopSignal", spec.stopSignal());
    put(body, "Healthcheck", spec.healthcheck());
    Map<String, Object> exposed = new LinkedHashMap<>();
    task.hostPorts().forEach(port -> exposed.put(key(port), Map.of()));
    put(body, "ExposedPorts", exposed);
    body.put("HostConfig", hostConfig(network));
    if (network != null) {
      body.put("NetworkingConfig", Map.of("EndpointsConfig", Map.of(network, endpoint(0))));
    }
    return body;
  }

  /** How the task is on one of its networks. */
  Map<String, Object> endpoint(int index) {
    return Map.of(
        "IPAMConfig",
        Map.of("IPv4Address", task.networks().get(index).address()),
        "DriverOpts",
        Map.of(PluginOptions.TASK, task.id()));
  }

  private Map<String, Object> hostConfig(@Nullable String network) {
    Map<String, Object> host = new LinkedHashMap<>();
    host.put("NetworkMode", network == null ? "default" : network);
    host.put("RestartPolicy", Map.of("Name", "no"));
    boolean named = container.networks().stream().anyMatch(DesiredContainer.Network::named);
    put(host, "Dns", named ? List.of(NodeNamespace.RESOLVER) : task.names().nameservers());
    put(host, "DnsSearch", task.names().search());
    put(host, "DnsOptions", task.names().options());
    put(host, "ExtraHosts", extraHosts(task.names().hosts()));
    put(host, "PortBindings", bindings());
    put(host, "Mounts", spec.mounts());
    put(host, "GroupAdd", spec.groups());
    put(host, "Init", spec.init());
    put(host, "ReadonlyRootfs", spec.readOnly());
    put(host, "OomScoreAdj", spec.oomScoreAdj());
    put(host, "Sysctls", spec.sysctls());
    put(host, "CapAdd", spec.capabilityAdd());
    put(host, "CapDrop", spec.capabilityDrop());
    put(host, "Ulimits", spec.ulimits());
    put(host, "SecurityOpt", securityOptions(spec.privileges()));
    logging(host);
    resources(host);
    return host;
  }

  private void logging(Map<String, Object> host) {
    Map<String, Object> asked = container.spec().logDriver();
    if (asked != null) {
      Containers.LogDriver driver = Json.MAPPER.convertValue(asked, Containers.LogDriver.class);
      Map<String, Object> config = new LinkedHashMap<>();
      put(config, "Type", driver.name());
      put(config, "Config", driver.options());
      put(host, "LogConfig", config);
    }
  }

  private void resources(Map<String, Object> host) {
    Map<String, Object> asked = container.spec().resources();
    if (asked == null) {
      return;
    }
    Containers.Resources resources = Json.MAPPER.convertValue(asked, Containers.Resources.class);
    Containers.Limits limits = resources.limits();
    if (limits != null) {
      put(host, "NanoCpus", limits.nanoCpus());
      put(host, "Memory", limits.memoryBytes());
      put(host, "PidsLimit", limits.pids());
    }
    if (resources.reservations() != null) {
      put(host, "MemoryReservation", resources.reservations().memoryBytes());
    }
  }

  private Map<String, List<Map<String, String>>> bindings() {
    Map<String, List<Map<String, String>>> bindings = new LinkedHashMap<>();
    for (HostPort port : task.hostPorts()) {
      bindings
          .computeIfAbsent(key(port), key -> new ArrayList<>())
          .add(
              Map.of(
                  "HostIp",
                  port.hostIp() == null ? "" : port.hostIp(),
                  "HostPort",
                  port.published() == 0 ? "" : Integer.toString(port.published())));
    }
    return bindings;
  }

  private static String key(HostPort port) {
    return port.target() + "/" + port.protocol();
  }

  /** From lines of a hosts file, address first, to {@code name:address}. */
  private static List<String> extraHosts(List<String> lines) {
    List<String> hosts = new ArrayList<>();
    for (String line : lines) {
      String[] words = line.strip().split("\\s+", -1);
      for (int i = 1; i < words.length; i++) {
        hosts.add(words[i] + ":" + words[0]);
      }
    }
    return hosts;
  }

  private static List<String> securityOptions(Containers.@Nullable Privileges privileges) {
    List<String> options = new ArrayList<>();
    if (privileges == null) {
      return options;
    }
    if (Boolean.TRUE.equals(privileges.noNewPrivileges())) {
      options.add("no-new-privileges=true");
    }
    Containers.AppArmor appArmor = privileges.appArmor();
    if (appArmor != null && "disabled".equals(appArmor.mode())) {
      options.add("apparmor=unconfined");
    }
    Containers.Seccomp seccomp = privileges.seccomp();
    if (seccomp != null && "unconfined".equals(seccomp.mode())) {
      options.add("seccomp=unconfined");
    }
    if (seccomp != null && seccomp.profile() != null && "custom".equals(seccomp.mode())) {
      byte[] profile = Base64.getDecoder().decode(seccomp.profile());
      options.add("seccomp=" + new String(profile, StandardCharsets.UTF_8));
    }
    Containers.SeLinuxContext context = privileges.seLinuxContext();
    if (context != null) {
      if (Boolean.TRUE.equals(context.disable())) {
        options.add("label=disable");
      }
      label(options, "user", context.user());
      label(options, "role", context.role());
      label(options, "type", context.type());
      label(options, "level", context.level());
    }
    return options;
  }

  private static void label(List<String> options, String name, @Nullable String value) {
    if (value != null && !value.isEmpty()) {
      options.add("label=" + name + ":" + value);
    }
  }

  /** Leaves out what asks for nothing. */
  private static void put(Map<String, Object> into, String name, @Nullable Object value) {
    boolean nothing =
        switch (value) {
          case null -> true;
          case List<?> list -> list.isEmpty();
          case Map<?, ?> map -> map.isEmpty();
          case String text -> text.isEmpty();
          default -> false;
        };
    if (!nothing && value != null) {
      into.put(name, value);
    }
  }
}
