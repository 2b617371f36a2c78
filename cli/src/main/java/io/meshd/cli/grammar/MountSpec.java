package io.meshd.cli.grammar;

import io.meshd.api.Containers;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One {@code --mount}: {@code type=volume,source=data,target=/data,readonly}. What it is of, and
 * what its type needs, the daemon and the Engine check.
 */
public record MountSpec(Containers.Mount mount) {
  /**
   * @throws IllegalArgumentException in Docker's words
   */
  public static MountSpec parse(String text) {
    Reader reader = new Reader();
    for (String field : CsvFields.of(text)) {
      reader.read(field);
    }
    return new MountSpec(reader.made());
  }

  /** What its fields have said so far. Options that were named at all make their kind of mount. */
  private static final class Reader {
    private String type = "volume";
    private @Nullable String source;
    private String target = "";
    private @Nullable Boolean readOnly;
    private @Nullable String consistency;

    private boolean bind;
    private @Nullable String propagation;
    private String recursive = "";

    private boolean volume;
    private @Nullable Boolean noCopy;
    private @Nullable String subpath;
    private @Nullable String driver;
    private final Map<String, String> labels = new LinkedHashMap<>();
    private final Map<String, String> options = new LinkedHashMap<>();

    private boolean tmpfs;
    private @Nullable Long size;
    private @Nullable Long mode;

    void read(String field) {
      int equals = field.indexOf('=');
      String key = (equals < 0 ? field : field.substring(0, equals)).toLowerCase(Locale.ROOT);
      if (equals < 0) {
        switched(key, field);
        return;
      }
      String value = field.substring(equals + 1);
      switch (key) {
        case "type" -> type = value.toLowerCase(Locale.ROOT);
        case "source", "src" -> source = absolute(value);
        case "target", "dst", "destination" -> target = value;
        case "readonly", "ro" -> readOnly = truth(key, value);
        case "consistency" -> consistency = value.toLowerCase(Locale.ROOT);
        case "bind-propagation", "bind-recursive", "bind-nonrecursive" -> bind(key, value);
        case "volume-subpath", "volume-nocopy", "volume-label", "volume-driver", "volume-opt" ->
            volume(key, value);
        case "tmpfs-size", "tmpfs-mode" -> tmpfs(key, value);
        default -> throw invalid("unexpected key '%s' in '%s'".formatted(key, field));
      }
    }

    private void switched(String key, String field) {
      switch (key) {
        case "readonly", "ro" -> readOnly = true;
        case "volume-nocopy" -> volume(key, "true");
        case "bind-nonrecursive" -> bind(key, "true");
        default -> throw invalid("invalid field '%s' must be a key=value pair".formatted(field));
      }
    }

    private void bind(String key, String value) {
      switch (key) {
        case "bind-propagation" -> propagation = value.toLowerCase(Locale.ROOT);
        case "bind-nonrecursive" -> recursive = truth(key, value) ? "disabled" : recursive;
        default -> {
          switch (value) {
            case "enabled" -> {
              return;
            }
            case "disabled", "writable", "readonly" -> recursive = value;
            default ->
                throw invalid(
                    ("invalid value for %s: %s (must be \"enabled\", \"disabled\", \"writable\", or"
                            + " \"readonly\")")
                        .formatted(key, value));
          }
        }
      }
      bind = true;
    }

    private void volume(String key, String value) {
      volume = true;
      switch (key) {
        case "volume-subpath" -> subpath = value;
        case "volume-nocopy" -> noCopy = truth(key, value);
        case "volume-label" -> labels.putAll(KeyValue.cut(List.of(value)));
        case "volume-driver" -> driver = value;
        default -> options.putAll(KeyValue.cut(List.of(value)));
      }
    }

    private void tmpfs(String key, String value) {
      tmpfs = true;
      try {
        if (key.equals("tmpfs-size")) {
          size = ByteSize.parse(value);
        } else {
          mode = Integer.toUnsignedLong(Integer.parseUnsignedInt(value, 8));
        }
      } catch (IllegalArgumentException _) {
        throw invalid("invalid value for %s: %s".formatted(key, value));
      }
    }

    Containers.Mount made() {
      if (type.isEmpty()) {
        throw invalid("type is required");
      }
      if (target.isEmpty()) {
        throw invalid("target is required");
      }
      only(volume, "volume");
      only(bind, "bind");
      only(tmpfs, "tmpfs");
      checkRecursion();
      return new Containers.Mount(
          type,
          source,
          target,
          readOnly,
          consistency,
          bind
              ? new Containers.BindOptions(
                  propagation,
                  said(recursive.equals("disabled")),
                  null,
                  said(recursive.equals("writable")),
                  said(recursive.equals("readonly")))
              : null,
          volume ? volumeOptions() : null,
          tmpfs ? new Containers.TmpfsOptions(size, mode, null) : null);
    }

    private void only(boolean given, String kind) {
      if (given && !type.equals(kind)) {
        throw invalid("cannot mix '%s-*' options with mount type '%s'".formatted(kind, type));
      }
    }

    private void checkRecursion() {
      boolean readable = recursive.equals("readonly");
      if ((readable || recursive.equals("writable")) && !Boolean.TRUE.equals(readOnly)) {
        throw invalid(
            "option 'bind-recursive=%s' requires 'readonly' to be specified in conjunction"
                .formatted(recursive));
      }
      if (readable && !"rprivate".equals(propagation)) {
        throw invalid(
            "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified"
                + " in conjunction");
      }
    }

    private Containers.VolumeOptions volumeOptions() {
      return new Containers.VolumeOptions(
          noCopy,
          labels.isEmpty() ? null : labels,
          subpath,
          driver == null && options.isEmpty()
              ? null
              : new Containers.LogDriver(driver, options.isEmpty() ? null : options));
    }

    private static @Nullable Boolean said(boolean given) {
      return given ? Boolean.TRUE : null;
    }

    /** Where the user stands, not where the daemon does. */
    private static String absolute(String path) {
      return path.equals(".") || path.startsWith("./")
          ? Path.of(path).toAbsolutePath().normalize().toString()
          : path;
    }

    private static boolean truth(String key, String value) {
      try {
        return Values.parseBool(value);
      } catch (IllegalArgumentException _) {
        throw invalid("invalid value for %s: %s".formatted(key, value));
      }
    }

    private static IllegalArgumentException invalid(String words) {
      return new IllegalArgumentException(words);
    }
  }
}
