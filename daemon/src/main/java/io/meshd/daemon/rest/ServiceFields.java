package io.meshd.daemon.rest;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Containers;
import io.meshd.api.Json;
import io.meshd.api.Services;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.JsonBody;
import io.meshd.daemon.state.Outcome;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a service's spec may ask for beside what {@code state} checks: nothing that would have no
 * effect. Errors name the field by its path. docs/DOCKER-API.md says of each field what becomes of
 * it.
 */
final class ServiceFields {
  private ServiceFields() {}

  private static final String TASK = "TaskTemplate.";
  private static final String CONTAINER = TASK + "ContainerSpec.";
  private static final Set<String> MOUNTS =
      Set.of("bind", "volume", "tmpfs", "npipe", "cluster", "image");

  /**
   * @throws ApiException 400, in a sentence
   */
  static void check(Services.ServiceSpec spec) {
    Services.TaskSpec task = spec.taskTemplate();
    shape(TASK + "Resources", task.resources(), Containers.Resources.class);
    shape(TASK + "LogDriver", task.logDriver(), Containers.LogDriver.class);
    shape(CONTAINER + "DNSConfig", task.containerSpec().dnsConfig(), Containers.DnsConfig.class);
    Services.Placement placement = task.placement();
    if (placement != null) {
      refuse(TASK + "Placement.Preferences", placement.preferences());
      shapes(TASK + "Placement.Platforms", placement.platforms(), Containers.Platform.class);
    }
    driverOptions(TASK + "Networks", task.networks());
    driverOptions("Networks", spec.networks());
    String isolation = task.containerSpec().isolation();
    if (isolation != null && !isolation.isEmpty() && !isolation.equals("default")) {
      throw new ApiException(
          400, CONTAINER + "Isolation: " + isolation + " is for Windows: leave it out");
    }
    seccomp(task.containerSpec().privileges());
    mounts(task.containerSpec().mounts());
    if (Services.TaskSpec.PROCESS.equals(task.runtime())) {
      forContainers(task)
          .forEach(
              (field, value) -> {
                if (asked(value)) {
                  throw new ApiException(
                      400, field + " is for containers: a process task cannot have it");
                }
              });
    }
  }

  private static void seccomp(Containers.@Nullable Privileges privileges) {
    Containers.Seccomp seccomp = privileges == null ? null : privileges.seccomp();
    if (seccomp == null || seccomp.profile() == null) {
      return;
    }
    try {
      var _ = Base64.getDecoder().decode(seccomp.profile());
    } catch (IllegalArgumentException _) {
      throw new ApiException(400, CONTAINER + "Privileges.Seccomp.Profile is no base64");
    }
  }

  /** What no Engine could mount; each with the words of who says it in a swarm of Docker's. */
  private static void mounts(@Nullable List<Containers.Mount> mounts) {
    Set<@Nullable String> targets = new HashSet<>();
    for (Containers.Mount mount : mounts == null ? List.<Containers.Mount>of() : mounts) {
      String type = mount.type() == null ? "" : mount.type();
      if (!type.isEmpty() && !MOUNTS.contains(type)) {
        throw new ApiException(400, "invalid MountType: \"" + type + "\"");
      }
      if (!targets.add(mount.target())) {
        throw ClusterAccess.error(
            new Outcome.Refused(
                Outcome.Reason.INVALID_ARGUMENT,
                "ContainerSpec: duplicate mount point: " + mount.target()),
            true);
      }
      if (type.equals("bind") && (mount.source() == null || mount.source().isEmpty())) {
        throw new ApiException(
            400, "invalid mount config for type \"bind\": field Source must not be empty");
      }
    }
  }

  /** Of modes it is the name that counts: they need not ask for anything. */
  static void checkMode(JsonNode mode) {
    for (String job : List.of("ReplicatedJob", "GlobalJob")) {
      JsonNode asked = JsonBody.field(mode, job);
      if (!asked.isMissingNode() && !asked.isNull()) {
        throw new ApiException(400, "Mode." + job + " is not supported by meshd: leave it out");
      }
    }
  }

  private static Map<String, @Nullable Object> forContainers(Services.TaskSpec task) {
    Services.ContainerSpec container = task.containerSpec();
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put(TASK + "Resources", task.resources());
    fields.put(TASK + "LogDriver", task.logDriver());
    fields.put(CONTAINER + "Init", container.init());
    fields.put(CONTAINER + "Groups", container.groups());
    fields.put(CONTAINER + "Privileges", container.privileges());
    fields.put(CONTAINER + "TTY", container.tty());
    fields.put(CONTAINER + "OpenStdin", container.openStdin());
    fields.put(CONTAINER + "ReadOnly", container.readOnly());
    fields.put(CONTAINER + "Mounts", container.mounts());
    fields.put(CONTAINER + "Healthcheck", container.healthcheck());
    fields.put(CONTAINER + "OomScoreAdj", container.oomScoreAdj());
    fields.put(CONTAINER + "Sysctls", container.sysctls());
    fields.put(CONTAINER + "CapabilityAdd", container.capabilityAdd());
    fields.put(CONTAINER + "CapabilityDrop", container.capabilityDrop());
    fields.put(CONTAINER + "Ulimits", container.ulimits());
    return fields;
  }

  private static void driverOptions(
      String place, @Nullable List<Services.NetworkAttachmentConfig> networks) {
    if (networks != null) {
      for (int i = 0; i < networks.size(); i++) {
        refuse("%s[%d].DriverOpts".formatted(place, i), networks.get(i).driverOpts());
      }
    }
  }

  private static void refuse(String field, @Nullable Object value) {
    if (asked(value)) {
      throw new ApiException(400, field + " is not supported by meshd: leave it out");
    }
  }

  private static void shapes(
      String field, @Nullable List<Map<String, Object>> values, Class<?> type) {
    if (values != null) {
      for (int i = 0; i < values.size(); i++) {
        shape("%s[%d]".formatted(field, i), values.get(i), type);
      }
    }
  }

  /** The state keeps these as they came, so what they must look like is looked at here. */
  private static void shape(String field, @Nullable Map<String, Object> value, Class<?> type) {
    if (value == null) {
      return;
    }
    JsonNode nested = Json.MAPPER.valueToTree(value);
    try {
      var _ = JsonBody.readStrictly(nested, type);
    } catch (ApiException e) {
      String text = e.text();
      throw new ApiException(
          e.status(),
          text.startsWith(JsonBody.INVALID)
              ? JsonBody.INVALID + field + "." + text.substring(JsonBody.INVALID.length())
              : field + "." + text);
    }
  }

  private static boolean asked(@Nullable Object value) {
    return value != null && !JsonBody.asksNothing(Json.MAPPER.valueToTree(value));
  }
}
