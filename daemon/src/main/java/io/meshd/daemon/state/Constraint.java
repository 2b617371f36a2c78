package io.meshd.daemon.state;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A placement constraint, {@code key == value} or {@code key != value} (swarmkit
 * manager/constraint/constraint.go). Values compare without regard to case.
 */
public record Constraint(String key, boolean equal, String value) {
  private static final Pattern KEY =
      Pattern.compile("[a-z_][a-z0-9\\-_.]+", Pattern.CASE_INSENSITIVE);
  private static final Pattern VALUE =
      Pattern.compile("[a-z0-9:\\-_\\s.*()?+\\[\\]\\\\^$|/]+", Pattern.CASE_INSENSITIVE);
  private static final String LABEL_PREFIX = "node.labels.";
  private static final String ENGINE_LABEL_PREFIX = "engine.labels.";
  private static final Set<String> KEYS =
      Set.of(
          "node.id",
          "node.hostname",
          "node.ip",
          "node.role",
          "node.platform.os",
          "node.platform.arch");

  static Constraint parse(String text) {
    int equal = text.indexOf("==");
    int unequal = text.indexOf("!=");
    if (equal < 0 && unequal < 0) {
      throw Refusal.invalid("constraint expected one operator from ==, !=");
    }
    // As swarmkit: == is looked for first, wherever it stands.
    int at = equal >= 0 ? equal : unequal;
    String key = text.substring(0, at).strip();
    String value = text.substring(at + 2).strip();
    if (!KEY.matcher(key).matches()) {
      throw Refusal.invalid("key '" + key + "' is invalid");
    }
    if (!VALUE.matcher(value).matches()) {
      throw Refusal.invalid("value '" + value + "' is invalid");
    }
    Constraint constraint = new Constraint(key, equal >= 0, value);
    if (!constraint.known()) {
      // Swarm takes it and never finds a node; better said at once.
      throw Refusal.invalid(
          "invalid constraint '"
              + text
              + "': the key must be node.id, node.hostname, node.ip, node.role, node.platform.os,"
              + " node.platform.arch, node.labels.NAME or engine.labels.NAME");
    }
    return constraint;
  }

  /** All constraints of a spec, which were checked when it was accepted. */
  public static boolean allMatch(List<String> constraints, NodeRecord node) {
    return constraints.stream().allMatch(text -> parse(text).matches(node));
  }

  private boolean known() {
    String lower = key.toLowerCase(Locale.ROOT);
    return KEYS.contains(lower)
        || (lower.startsWith(LABEL_PREFIX) && lower.length() > LABEL_PREFIX.length())
        || (lower.startsWith(ENGINE_LABEL_PREFIX) && lower.length() > ENGINE_LABEL_PREFIX.length());
  }

  private boolean matches(NodeRecord node) {
    return actual(node).equalsIgnoreCase(value) == equal;
  }

  private String actual(NodeRecord node) {
    return switch (key.toLowerCase(Locale.ROOT)) {
      case "node.id" -> node.id();
      case "node.hostname" -> node.hostname();
      case "node.ip" -> node.vtep();
      case "node.role" -> node.spec().role();
      case "node.platform.os" -> node.description().platform().os();
      case "node.platform.arch" -> node.description().platform().architecture();
      default -> label(node);
    };
  }

  private String label(NodeRecord node) {
    Map<String, String> labels = node.spec().labels();
    if (!key.toLowerCase(Locale.ROOT).startsWith(LABEL_PREFIX) || labels == null) {
      return "";
    }
    // The label's own name keeps its case.
    return labels.getOrDefault(key.substring(LABEL_PREFIX.length()), "");
  }
}
