package io.meshd.cli.grammar;

import java.util.ArrayList;
import java.util.List;

/** One line of comma-separated values (RFC 4180), with the words of Go's encoding/csv. */
final class CsvFields {
  private final String text;
  private final List<String> fields = new ArrayList<>();
  private int next;

  private CsvFields(String text) {
    this.text = text;
  }

  static List<String> of(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("EOF");
    }
    CsvFields line = new CsvFields(text);
    do {
      line.fields.add(line.startsQuoted() ? line.quoted() : line.plain());
    } while (line.next++ < text.length());
    return line.fields;
  }

  private boolean startsQuoted() {
    return next < text.length() && text.charAt(next) == '"';
  }

  private String plain() {
    int comma = text.indexOf(',', next);
    String field = text.substring(next, comma < 0 ? text.length() : comma);
    int quote = field.indexOf('"');
    if (quote >= 0) {
      throw broken(next + quote, "bare \" in non-quoted-field");
    }
    next += field.length();
    return field;
  }

  private String quoted() {
    StringBuilder field = new StringBuilder();
    int at = next + 1;
    while (true) {
      int quote = text.indexOf('"', at);
      if (quote < 0) {
        throw broken(text.length(), "extraneous or missing \" in quoted-field");
      }
      field.append(text, at, quote);
      at = quote + 1;
      if (at == text.length() || text.charAt(at) == ',') {
        next = at;
        return field.toString();
      }
      if (text.charAt(at) != '"') {
        throw broken(quote, "extraneous or missing \" in quoted-field");
      }
      field.append('"');
      at++;
    }
  }

  private static IllegalArgumentException broken(int at, String why) {
    return new IllegalArgumentException(
        "parse error on line 1, column %d: %s".formatted(at + 1, why));
  }
}
