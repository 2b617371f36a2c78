package io.meshd.cli.format;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Prints rows by a format: a table, {@code json}, or a template of the user's.
 *
 * @param columns the default table, as a template
 * @param headers the heading of each field
 */
public record Listing(String columns, Map<String, String> headers) {

  /** What every {@code ls} prints: {@code format} null is the table, quiet is IDs only. */
  public String print(@Nullable String format, boolean quiet, List<Row> rows) {
    String chosen = choose(format, quiet);
    boolean table = chosen.startsWith("table ");
    String body = (table ? chosen.substring("table ".length()) : chosen).strip();
    Template template = Template.parse(body.replace("\\t", "\t").replace("\\n", "\n"));
    List<String> lines = new ArrayList<>();
    for (Row row : rows) {
      lines.add(template.execute(row));
    }
    if (table) {
      lines.addFirst(template.execute(headerRow(rows)));
      return TabWriter.align(lines);
    }
    return lines.isEmpty() ? "" : String.join("\n", lines) + "\n";
  }

  private String choose(@Nullable String format, boolean quiet) {
    if (format == null || format.isEmpty() || format.equals("table")) {
      return quiet ? "{{.ID}}" : "table " + columns;
    }
    return format.equals("json") ? "{{json .}}" : format;
  }

  /** Fields without a heading of their own get their name; unknown ones are found by the rows. */
  private Map<String, Object> headerRow(List<Row> rows) {
    Map<String, Object> row = new LinkedHashMap<>(headers);
    rows.stream().limit(1).forEach(r -> r.fields().keySet().forEach(k -> row.putIfAbsent(k, "")));
    return row;
  }
}
