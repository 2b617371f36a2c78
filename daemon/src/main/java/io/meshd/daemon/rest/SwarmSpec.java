package io.meshd.daemon.rest;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.api.Services;
import io.meshd.api.Swarm;
import io.meshd.daemon.control.AuthorityRotation;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.JsonBody;
import io.meshd.daemon.state.Authority;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.Outcome;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Docker's spec of a cluster; times in nanoseconds. Of all that is in it only the history of tasks,
 * the certificates' lifetime and the managers' lock can be changed; a change to anything else is
 * refused rather than forgotten.
 */
final class SwarmSpec {
  private static final long LEAST_CERT_EXPIRY = 3_600_000_000_000L;
  private static final String HISTORY = "TaskHistoryRetentionLimit";

  /** External CAs are refused in words of their own. */
  private static final Set<String> CHANGED_BY_UPDATE =
      Set.of(
          "Orchestration." + HISTORY,
          "CAConfig.NodeCertExpiry",
          "CAConfig.ForceRotate",
          "CAConfig.SigningCACert",
          "CAConfig.SigningCAKey",
          "CAConfig.ExternalCAs",
          "EncryptionConfig.AutoLockManagers");

  private SwarmSpec() {}

  static Map<String, Object> of(ClusterRecord record) {
    Map<String, Object> spec = new LinkedHashMap<>();
    spec.put("Name", "default");
    spec.put("Labels", Map.of());
    spec.put("Orchestration", Map.of(HISTORY, record.taskHistoryLimit()));
    spec.put("Dispatcher", Map.of("HeartbeatPeriod", 5_000_000_000L));
    spec.put("CAConfig", Map.of("NodeCertExpiry", record.nodeCertExpiry()));
    spec.put("TaskDefaults", Map.of());
    spec.put("EncryptionConfig", Map.of("AutoLockManagers", record.unlockKey() != null));
    return spec;
  }

  /** The whole cluster, join tokens included. */
  static Swarm.SwarmInspect inspected(ClusterRecord record) {
    Authority authority = record.authority();
    return new Swarm.SwarmInspect(
        record.id(),
        new Services.Version(record.version()),
        record.createdAt(),
        record.updatedAt(),
        of(record),
        record.addressPools(),
        record.subnetSize(),
        record.dataPathPort(),
        authority == null ? null : AuthorityRotation.wanted(authority),
        authority != null && authority.next() != null,
        new Swarm.JoinTokens(record.workerToken(), record.managerToken()));
  }

  /** The request's body; without one, nothing is to change. */
  static JsonNode read(Exchange exchange) {
    byte[] body = exchange.body();
    try {
      return body.length == 0 ? Json.MAPPER.createObjectNode() : Json.MAPPER.readTree(body);
    } catch (IOException e) {
      throw new ApiException(400, "invalid JSON: the body cannot be read");
    }
  }

  /**
   * Of a cluster that is.
   *
   * @throws ApiException 400 when something is to change that cannot
   */
  static void check(ClusterRecord record, JsonNode asked) {
    JsonNode now = Json.MAPPER.valueToTree(of(record));
    same(asked, now, "Dispatcher", "HeartbeatPeriod", "the heartbeat period cannot be changed");
    others("", asked, now, CHANGED_BY_UPDATE, "cannot be changed");
  }

  /**
   * Of a cluster that is to be made.
   *
   * @throws ApiException 400 when something is asked for that comes later or never
   */
  static void checkNew(JsonNode asked) {
    others(
        "",
        asked,
        Json.MAPPER.createObjectNode(),
        Set.of("EncryptionConfig.AutoLockManagers"),
        "cannot be set here: what can be changed is changed by swarm update");
  }

  private static void others(
      String place, JsonNode asked, JsonNode now, Set<String> changeable, String otherwise) {
    for (Map.Entry<String, JsonNode> field : asked.properties()) {
      String path = place + field.getKey();
      JsonNode value = field.getValue();
      JsonNode known = now.path(field.getKey());
      if (value.isObject() && !changeable.contains(path)) {
        others(path + ".", value, known, changeable, otherwise);
      } else if (!changeable.contains(path)
          && !value.equals(known)
          && !JsonBody.asksNothing(value)) {
        throw new ApiException(400, path + " " + otherwise);
      }
    }
  }

  /** The history limit that is asked for. */
  static int historyLimit(ClusterRecord record, JsonNode asked) {
    JsonNode limit = asked.path("Orchestration").path(HISTORY);
    if (limit.isMissingNode() || limit.isNull()) {
      return record.taskHistoryLimit();
    }
    if (!limit.canConvertToInt()) {
      throw new ApiException(400, "invalid task history limit: " + limit);
    }
    return limit.intValue();
  }

  /** Whether managers are to be locked. */
  static boolean autolock(ClusterRecord record, JsonNode asked) {
    return asked
        .path("EncryptionConfig")
        .path("AutoLockManagers")
        .asBoolean(record.unlockKey() != null);
  }

  /**
   * Nanoseconds that certificates are to be valid.
   *
   * @throws ApiException 400 in Swarm's words (swarmkit manager/controlapi/cluster.go)
   */
  static long certExpiry(ClusterRecord record, JsonNode asked) {
    JsonNode expiry = asked.path("CAConfig").path("NodeCertExpiry");
    if (expiry.isMissingNode() || expiry.isNull()) {
      return record.nodeCertExpiry();
    }
    if (!expiry.isIntegralNumber() || !expiry.canConvertToLong()) {
      throw new ApiException(400, "invalid node certificate expiry: " + expiry);
    }
    if (expiry.longValue() != record.nodeCertExpiry() && expiry.longValue() < LEAST_CERT_EXPIRY) {
      throw ClusterAccess.error(
          new Outcome.Refused(
              Outcome.Reason.INVALID_ARGUMENT, "minimum certificate expiry time is: 1h0m0s"),
          true);
    }
    return expiry.longValue();
  }

  private static void same(
      JsonNode asked, JsonNode now, String part, String field, String otherwise) {
    JsonNode value = asked.path(part).path(field);
    if (!value.isMissingNode() && !value.isNull() && !value.equals(now.path(part).path(field))) {
      throw new ApiException(400, otherwise);
    }
  }
}
