package io.meshd.cli.service;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Paths;
import io.meshd.cli.format.HumanText;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.http.ApiClient;
import io.meshd.cli.task.NameResolver;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Puts {@code web.1.abc@node | } before a line of a service's log.
 *
 * <pre>
 *   [timestamp SP] details SP text LF      details: key=value,... percent-encoded, with the IDs of
 *                                          node, service and task under com.docker.swarm.*
 * </pre>
 */
final class LogLines {
  private static final String NODE = "com.docker.swarm.node.id";
  private static final String SERVICE = "com.docker.swarm.service.id";
  private static final String TASK = "com.docker.swarm.task.id";

  /** The flags of the command. */
  record Style(
      boolean timestamps, boolean details, boolean noResolve, boolean noTaskIds, boolean noTrunc) {}

  private final ApiClient api;
  private final Style style;
  private final int slotWidth;
  private final NameResolver names;
  private final Map<String, String> heads = new HashMap<>();

  LogLines(ApiClient api, Style style, int slotWidth) {
    this.api = api;
    this.style = style;
    this.slotWidth = slotWidth;
    this.names = new NameResolver(api, style.noResolve);
  }

  /**
   * @param line one line, with its line feed
   */
  byte[] format(byte[] line) {
    String text = new String(line, StandardCharsets.ISO_8859_1);
    int parts = style.timestamps ? 3 : 2;
    String[] words = text.split(" ", parts);
    if (words.length < parts) {
      throw new Failure("invalid context in log message: " + text.strip());
    }
    Map<String, String> details = details(words[parts - 2]);
    StringBuilder out = new StringBuilder();
    if (style.timestamps) {
      out.append(words[0]).append(' ');
    }
    out.append(head(take(details, NODE), take(details, SERVICE), take(details, TASK)));
    out.append("    | ");
    if (style.details) {
      out.append(
          details.entrySet().stream()
              .map(e -> e.getKey() + "=" + e.getValue())
              .collect(Collectors.joining(",")));
      out.append(' ');
    }
    return out.append(words[parts - 1]).toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  private static Map<String, String> details(String text) {
    Map<String, String> map = new TreeMap<>();
    for (String pair : text.split(",", -1)) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        map.put(decode(pair.substring(0, equals)), decode(pair.substring(equals + 1)));
      }
    }
    return map;
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return text;
    }
  }

  private static String take(Map<String, String> details, String key) {
    String value = details.remove(key);
    if (value == null) {
      throw new Failure("missing %s in details: %s".formatted(key, details));
    }
    return value;
  }

  private String head(String node, String service, String task) {
    return heads.computeIfAbsent(
        task,
        id -> {
          JsonNode found = api.getTree(Paths.TASKS + "/" + ApiClient.encode(id));
          String slot = String.valueOf(found.path("Slot").asLong());
          String name = names.service(service) + "." + slot;
          if (!style.noTaskIds) {
            name += "." + (style.noTrunc ? id : HumanText.shortId(id));
          }
          return name + "@" + names.node(node) + " ".repeat(Math.max(0, slotWidth - slot.length()));
        });
  }
}
