package io.meshd.daemon.rest;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.Outcome;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Docker's spec of a cluster; times in nanoseconds. Of all that is in it only the history of tasks
 * and the certificates' lifetime can be changed; a change to anything else is refused rather than
 * forgotten.
 */
final class SwarmSpec {
  private static final long LEAST_CERT_EXPIRY = 3_600_000_000_000L;
  private static final String HISTORY = "TaskHistoryRetentionLimit";

  private SwarmSpec() {}

  static Map<String, Object> of(ClusterRecord record) {
    Map<String, Object> spec = new LinkedHashMap<>();
    spec.put("Name", "default");
    spec.put("Labels", Map.of());
    spec.put("Orchestration", Map.of(HISTORY, record.taskHistoryLimit()));
    spec.put("Dispatcher", Map.of("HeartbeatPeriod", 5_000_000_000L));
    spec.put("CAConfig", Map.of("NodeCertExpiry", record.nodeCertExpiry()));
    spec.put("TaskDefaults", Map.of());
    spec.put("EncryptionConfig", Map.of("AutoLockManagers", false));
    return spec;
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
   * The history limit that is asked for.
   *
   * @throws ApiException 400 when something else is to change
   */
  static int historyLimit(ClusterRecord record, JsonNode asked) {
    JsonNode now = Json.MAPPER.valueToTree(of(record));
    same(asked, now, "EncryptionConfig", "AutoLockManagers", "managers cannot be locked");
    same(asked, now, "Dispatcher", "HeartbeatPeriod", "the heartbeat period cannot be changed");
    JsonNode limit = asked.path("Orchestration").path(HISTORY);
    if (limit.isMissingNode() || limit.isNull()) {
      return record.taskHistoryLimit();
    }
    if (!limit.canConvertToInt()) {
      throw new ApiException(400, "invalid task history limit: " + limit);
    }
    return limit.intValue();
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
