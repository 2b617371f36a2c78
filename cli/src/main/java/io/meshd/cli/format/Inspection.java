package io.meshd.cli.format;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.meshd.api.Json;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@code inspect} prints: a JSON array indented by four, or one template line per object. */
public final class Inspection {
  private final ArrayNode found = Json.MAPPER.createArrayNode();
  private final StringBuilder lines = new StringBuilder();
  private final @Nullable Template template;
  private final @Nullable Class<? extends Record> type;

  /**
   * @param format null or empty for JSON
   * @param type the record that templates see first; null for the JSON as it was sent
   */
  public Inspection(@Nullable String format, @Nullable Class<? extends Record> type) {
    boolean json = format == null || format.isEmpty();
    this.template =
        json ? null : Template.parse("json".equals(format) ? "{{json .}}" : String.valueOf(format));
    this.type = type;
  }

  /** Adds an object as the daemon sent it. */
  public void add(JsonNode object) {
    if (template == null) {
      found.add(object);
    } else {
      lines.append(render(template, object)).append('\n');
    }
  }

  /** The record has Docker's field names; what it lacks may still be in the JSON. */
  private String render(Template chosen, JsonNode object) {
    if (type == null) {
      return chosen.execute(Json.MAPPER.convertValue(object, Object.class));
    }
    try {
      return chosen.execute(Json.MAPPER.convertValue(object, type));
    } catch (TemplateFailure typed) {
      try {
        return chosen.execute(Json.MAPPER.convertValue(object, Map.class));
      } catch (TemplateFailure raw) {
        throw typed;
      }
    }
  }

  /** Everything added so far; Docker prints {@code []} when nothing was found. */
  public String text() {
    return template == null ? indented(found) + "\n" : lines.isEmpty() ? "\n" : lines.toString();
  }

  static String indented(JsonNode tree) {
    DefaultPrettyPrinter printer =
        new DefaultPrettyPrinter(
            Separators.createDefaultInstance()
                .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
                .withObjectEmptySeparator("")
                .withArrayEmptySeparator(""));
    DefaultIndenter indenter = new DefaultIndenter("    ", "\n");
    printer.indentObjectsWith(indenter);
    printer.indentArraysWith(indenter);
    try {
      return Json.MAPPER.writer(printer).writeValueAsString(tree);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
