package io.meshd.daemon.tasks;

import io.meshd.daemon.linux.ToolRun;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The environment of a task or of a command beside it: defaults and what was asked for, nothing of
 * the daemon's own.
 */
record TaskEnvironment(Map<String, String> variables) {
  /** What a POSIX shell hands on; the shim is one, and drops other names. */
  private static final Pattern PORTABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  static String hostname(DesiredTask task) {
    String asked = task.hostname();
    if (asked != null && !asked.isEmpty()) {
      return asked;
    }
    return task.id().substring(0, Math.min(12, task.id().length()));
  }

  static TaskEnvironment of(DesiredTask task, String home, List<String> more) {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("PATH", CommandCheck.DEFAULT_PATH);
    all.put("HOSTNAME", hostname(task));
    all.put("HOME", home);
    task.env().forEach(e -> put(all, e));
    more.forEach(e -> put(all, e));
    return new TaskEnvironment(all);
  }

  /** As NAME=VALUE. */
  List<String> list() {
    return variables.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList();
  }

  /** What goes before the command for names that no shell hands on; mostly nothing. */
  List<String> prefix() throws IOException {
    List<String> odd = new ArrayList<>();
    for (Map.Entry<String, String> entry : variables.entrySet()) {
      if (!PORTABLE.matcher(entry.getKey()).matches()) {
        odd.add(entry.getKey() + "=" + entry.getValue());
      }
    }
    if (!odd.isEmpty()) {
      odd.addFirst(ToolRun.find("env"));
    }
    return odd;
  }

  void into(ProcessBuilder builder) {
    builder.environment().clear();
    variables.forEach(
        (name, value) -> {
          if (PORTABLE.matcher(name).matches()) {
            builder.environment().put(name, value);
          }
        });
  }

  /** A name without {@code =} is unset, as Docker has it for tasks. */
  private static void put(Map<String, String> all, String entry) {
    int equals = entry.indexOf('=');
    if (equals > 0) {
      all.put(entry.substring(0, equals), entry.substring(equals + 1));
    } else {
      all.remove(entry);
    }
  }
}
