package io.meshd.daemon.rest;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.state.ClusterRecord;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Docker's spec of a cluster; times in nanoseconds. Of all that is in it only the history of tasks
 * can be changed; a change to anything else is refused rather than forgotten.
 */
final class SwarmSpec {
  private static final String HISTORY = "TaskHistoryRetentionLimit";

  private SwarmSpec() {}

  static Map<String, Object> of(ClusterRecord record) {
    Map<String, Object> spec = new LinkedHashMap<>();
    spec.put("Name", "default");
    spec.put("Labels", Map.of());
    spec.put("Orchestration", Map.of(HISTORY, record.taskHistoryLimit()));
    spec.put("Dispatcher", Map.of("HeartbeatPeriod", 5_000_000_000L));
    spec.put("CAConfig", Map.of("NodeCertExpiry", 7_776_000_000_000_000L));
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
    same(asked, now, "CAConfig", "NodeCertExpiry", "the certificates' lifetime cannot be changed");
    JsonNode limit = asked.path("Orchestration").path(HISTORY);
    if (limit.isMissingNode() || limit.isNull()) {
      return record.taskHistoryLimit();
    }
    if (!limit.canConvertToInt()) {
      throw new ApiException(400, "invalid task history limit: " + limit);
    }
    return limit.intValue();
  }

  private static void same(
      JsonNode asked, JsonNode now, String part, String field, String otherwise) {
    JsonNode value = asked.path(part).path(field);
    if (!value.isMissingNode() && !value.isNull() && !value.equals(now.path(part).path(field))) {
      throw new ApiException(400, otherwise);
    }
  }
}
