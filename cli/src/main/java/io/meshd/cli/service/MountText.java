package io.meshd.cli.service;

import io.meshd.api.Containers;
import io.meshd.cli.grammar.Failure;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A mount as {@code --mount} takes it: {@code type=volume,source=data,target=/data,readonly}. */
final class MountText {
  private static final Set<String> TYPES = Set.of("bind", "volume", "tmpfs");

  private final String text;
  private final Map<String, String> fields = new LinkedHashMap<>();
  private final Map<String, String> labels = new LinkedHashMap<>();
  private final Map<String, String> options = new LinkedHashMap<>();

  private MountText(String text) {
    this.text = text;
  }

  /**
   * @throws Failure in Docker's words
   */
  static Containers.Mount parse(String text) {
    MountText mount = new MountText(text);
    for (String field : text.split(",", -1)) {
      mount.read(field);
    }
    return mount.made();
  }

  private void read(String field) {
    int equals = field.indexOf('=');
    String key = (equals < 0 ? field : field.substring(0, equals)).toLowerCase(Locale.ROOT);
    String value = equals < 0 ? "true" : field.substring(equals + 1);
    switch (key) {
      case "type" -> fields.put("type", value.toLowerCase(Locale.ROOT));
      case "source", "src" -> fields.put("source", value);
      case "target", "dst", "destination" -> fields.put("target", value);
      case "readonly", "ro" -> fields.put("readonly", value);
      case "bind-propagation", "volume-nocopy", "volume-driver", "tmpfs-size", "tmpfs-mode" ->
          fields.put(key, value);
      case "volume-label" -> pair(labels, value);
      case "volume-opt" -> pair(options, value);
      default -> throw invalid("unexpected key '%s' in '%s'".formatted(key, field));
    }
  }

  private static void pair(Map<String, String> into, String value) {
    int equals = value.indexOf('=');
    into.put(
        equals < 0 ? value : value.substring(0, equals),
        equals < 0 ? "" : value.substring(equals + 1));
  }

  private Containers.Mount made() {
    String type = fields.getOrDefault("type", "volume");
    if (!TYPES.contains(type)) {
      throw invalid("type must be bind, volume or tmpfs, not " + type);
    }
    if (!fields.containsKey("target")) {
      throw invalid("target is required");
    }
    String source = fields.get("source");
    if (type.equals("bind") && source == null) {
      throw invalid("source is required for a bind mount");
    }
    return new Containers.Mount(
        type,
        source,
        fields.get("target"),
        truth(fields.get("readonly")),
        null,
        type.equals("bind") && fields.containsKey("bind-propagation")
            ? new Containers.BindOptions(fields.get("bind-propagation"), null, null, null, null)
            : null,
        type.equals("volume") ? volume() : null,
        type.equals("tmpfs") ? tmpfs() : null);
  }

  private Containers.@Nullable VolumeOptions volume() {
    String driver = fields.get("volume-driver");
    Boolean noCopy = truth(fields.get("volume-nocopy"));
    if (driver == null && noCopy == null && labels.isEmpty() && options.isEmpty()) {
      return null;
    }
    return new Containers.VolumeOptions(
        noCopy,
        labels.isEmpty() ? null : labels,
        null,
        driver == null && options.isEmpty() ? null : new Containers.LogDriver(driver, options));
  }

  private Containers.@Nullable TmpfsOptions tmpfs() {
    String size = fields.get("tmpfs-size");
    String mode = fields.get("tmpfs-mode");
    if (size == null && mode == null) {
      return null;
    }
    try {
      return new Containers.TmpfsOptions(
          size == null ? null : Quantities.bytes("mount", size),
          mode == null ? null : Long.parseLong(mode, 8),
          null);
    } catch (NumberFormatException _) {
      throw invalid("invalid value for tmpfs-mode: " + mode);
    }
  }

  private @Nullable Boolean truth(@Nullable String value) {
    return switch (value) {
      case null -> null;
      case "true", "1" -> Boolean.TRUE;
      case "false", "0" -> Boolean.FALSE;
      default -> throw invalid("invalid value: " + value);
    };
  }

  private Failure invalid(String why) {
    return new Failure("invalid argument \"%s\" for \"--mount\" flag: %s".formatted(text, why));
  }
}
