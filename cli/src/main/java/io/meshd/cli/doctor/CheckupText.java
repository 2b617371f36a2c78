package io.meshd.cli.doctor;

import io.meshd.api.Checkups.Checkup;
import io.meshd.api.Checkups.Finding;
import io.meshd.api.Checkups.Result;
import io.meshd.cli.format.Listing;
import io.meshd.cli.format.Row;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A check-up for people: the worst first, under each finding its mend, and a line that counts. */
final class CheckupText {
  private static final Listing LISTING =
      new Listing(
          "{{.Node}}\t{{.Check}}\t{{.Result}}\t{{.Text}}",
          Map.of("Node", "NODE", "Check", "CHECK", "Result", "RESULT", "Text", "WHAT"));

  private CheckupText() {}

  /** {@code all}: what is well too. */
  static String of(Checkup checkup, boolean all) {
    List<Row> rows = new ArrayList<>();
    checkup.findings().stream()
        .filter(finding -> all || finding.result() != Result.OK)
        .sorted(Comparator.comparing(Finding::result).reversed())
        .forEach(
            one -> {
              String result = one.result().name().toLowerCase(Locale.ROOT);
              rows.add(row(one.node(), one.check(), result, one.text()));
              if (one.mend() != null) {
                rows.add(row("", "", "", "mend: " + one.mend()));
              }
            });
    String table = rows.isEmpty() ? "" : LISTING.print(null, false, rows) + "\n";
    return table + summary(checkup) + "\n";
  }

  private static Row row(String node, String check, String result, String text) {
    return new Row(
        "*doctor.findingContext",
        Map.of("Node", node, "Check", check, "Result", result, "Text", text));
  }

  private static String summary(Checkup checkup) {
    Map<Result, Integer> counts = new EnumMap<>(Result.class);
    checkup.findings().forEach(finding -> counts.merge(finding.result(), 1, Integer::sum));
    int errors = counts.getOrDefault(Result.ERROR, 0);
    int warnings = counts.getOrDefault(Result.WARNING, 0);
    int notes = counts.getOrDefault(Result.NOTE, 0);
    String examined =
        counted(checkup.nodes().size(), "node")
            + " examined"
            + (notes == 0 ? "" : ", " + counted(notes, "note"));
    return errors + warnings == 0
        ? "ok: " + examined
        : counted(errors, "error") + ", " + counted(warnings, "warning") + "; " + examined;
  }

  private static String counted(int number, String noun) {
    return number + " " + noun + (number == 1 ? "" : "s");
  }
}
