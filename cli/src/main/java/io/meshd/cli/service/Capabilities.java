package io.meshd.cli.service;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/**
 * Linux capabilities that a container has beside the usual ones, and those that it lacks; each
 * under its whole name, {@code ALL} for all of them.
 */
record Capabilities(List<String> add, List<String> drop) {
  private static final String ALL = "ALL";

  /** In an update: what was there goes first. */
  private static final String RESET = "RESET";

  /** As a new service asks for them: what is both added and dropped is added. */
  static Capabilities of(List<String> add, List<String> drop) {
    TreeSet<String> added = named(add);
    TreeSet<String> dropped = named(drop);
    added.remove(RESET);
    dropped.remove(RESET);
    List<String> dropping = new ArrayList<>(listed(dropped));
    dropping.removeAll(listed(added));
    return new Capabilities(listed(added), dropping);
  }

  /**
   * As an update changes them: adding what was dropped, or dropping what was added, only takes that
   * back. What is both added and dropped is added.
   */
  Capabilities changed(List<String> adding, List<String> dropping) {
    TreeSet<String> added = named(add);
    TreeSet<String> dropped = named(drop);
    TreeSet<String> toAdd = named(adding);
    TreeSet<String> toDrop = named(dropping);
    if (toAdd.remove(RESET)) {
      added.clear();
    }
    if (toDrop.remove(RESET)) {
      dropped.clear();
    }
    toDrop.removeAll(toAdd);
    for (String each : toDrop) {
      if (!added.remove(each)) {
        dropped.add(each);
      }
    }
    for (String each : toAdd) {
      if (!dropped.remove(each)) {
        added.add(each);
      }
    }
    return new Capabilities(listed(added), listed(dropped));
  }

  private static List<String> listed(TreeSet<String> names) {
    return names.contains(ALL) ? List.of(ALL) : List.copyOf(names);
  }

  private static TreeSet<String> named(Collection<String> written) {
    TreeSet<String> names = new TreeSet<>();
    for (String each : written) {
      String name = each.strip().toUpperCase(Locale.ROOT);
      boolean whole = name.equals(ALL) || name.equals(RESET) || name.startsWith("CAP_");
      names.add(whole ? name : "CAP_" + name);
    }
    return names;
  }
}
