package io.meshd.cli.format;

import io.meshd.cli.format.Token.Kind;
import java.util.ArrayList;
import java.util.List;

/** Splits a Go template into text and the tokens between {@code {{} and {@code }}}. */
final class TemplateLexer {
  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;

  TemplateLexer(String source) {
    this.source = source;
  }

  List<Token> tokens() {
    boolean trimNext = false;
    while (at < source.length()) {
      int open = source.indexOf("{{", at);
      int end = open < 0 ? source.length() : open;
      String text = source.substring(at, end);
      if (trimNext) {
        text = text.stripLeading();
      }
      boolean trimsLeft =
          open >= 0
              && source.startsWith("-", open + 2)
              && open + 3 < source.length()
              && Character.isWhitespace(source.charAt(open + 3));
      if (trimsLeft) {
        text = text.stripTrailing();
      }
      if (!text.isEmpty()) {
        tokens.add(new Token(Kind.TEXT, text, at));
      }
      if (open < 0) {
        break;
      }
      at = open + (trimsLeft ? 3 : 2);
      trimNext = action(open);
    }
    tokens.add(new Token(Kind.END, "", source.length()));
    return tokens;
  }

  /** Reads one action; true when it ends with a trim marker. */
  private boolean action(int open) {
    int skipped = at;
    while (skipped < source.length() && Character.isWhitespace(source.charAt(skipped))) {
      skipped++;
    }
    if (source.startsWith("/*", skipped)) {
      int end = source.indexOf("*/", skipped);
      int close = end < 0 ? -1 : source.indexOf("}}", end);
      if (close < 0) {
        throw fail(open, "unclosed comment");
      }
      at = close + 2;
      return source.charAt(close - 1) == '-';
    }
    tokens.add(new Token(Kind.OPEN, "{{", open));
    while (true) {
      if (at >= source.length()) {
        throw fail(open, "unclosed action");
      }
      if (source.startsWith("}}", at)) {
        tokens.add(new Token(Kind.CLOSE, "}}", at));
        at += 2;
        return false;
      }
      if (source.startsWith(" -}}", at)) {
        tokens.add(new Token(Kind.CLOSE, "}}", at));
        at += 4;
        return true;
      }
      token();
    }
  }

  private void token() {
    char c = source.charAt(at);
    int start = at;
    if (Character.isWhitespace(c)) {
      while (at < source.length()
          && Character.isWhitespace(source.charAt(at))
          && !source.startsWith(" -}}", at)) {
        at++;
      }
      tokens.add(new Token(Kind.SPACE, " ", start));
    } else if (c == '.') {
      at++;
      String name = word();
      tokens.add(new Token(name.isEmpty() ? Kind.DOT : Kind.FIELD, name, start));
    } else if (c == '$') {
      at++;
      tokens.add(new Token(Kind.VARIABLE, "$" + word(), start));
    } else if (c == '"' || c == '`') {
      tokens.add(new Token(Kind.STRING, string(c), start));
    } else if (Character.isDigit(c)
        || (c == '-' && at + 1 < source.length() && Character.isDigit(source.charAt(at + 1)))) {
      at++;
      while (at < source.length()
          && (Character.isDigit(source.charAt(at)) || source.charAt(at) == '.')) {
        at++;
      }
      tokens.add(new Token(Kind.NUMBER, source.substring(start, at), start));
    } else if (source.startsWith(":=", at)) {
      at += 2;
      tokens.add(new Token(Kind.DECLARE, ":=", start));
    } else if (c == '|' || c == '(' || c == ')' || c == ',') {
      at++;
      Kind kind =
          c == '|'
              ? Kind.PIPE
              : c == '(' ? Kind.LEFT_PAREN : c == ')' ? Kind.RIGHT_PAREN : Kind.COMMA;
      tokens.add(new Token(kind, String.valueOf(c), start));
    } else {
      String name = word();
      if (name.isEmpty()) {
        throw fail(start, "unexpected \"%s\" in command".formatted(c));
      }
      tokens.add(new Token(Kind.WORD, name, start));
    }
  }

  private String word() {
    int start = at;
    while (at < source.length()
        && (Character.isLetterOrDigit(source.charAt(at)) || source.charAt(at) == '_')) {
      at++;
    }
    return source.substring(start, at);
  }

  private String string(char quote) {
    int start = at++;
    StringBuilder out = new StringBuilder();
    while (at < source.length() && source.charAt(at) != quote) {
      char c = source.charAt(at++);
      if (c == '\\' && quote == '"' && at < source.length()) {
        char escaped = source.charAt(at++);
        out.append(
            switch (escaped) {
              case 'n' -> '\n';
              case 't' -> '\t';
              case 'r' -> '\r';
              default -> escaped;
            });
      } else {
        out.append(c);
      }
    }
    if (at >= source.length()) {
      throw fail(
          start, quote == '"' ? "unterminated quoted string" : "unterminated raw quoted string");
    }
    at++;
    return out.toString();
  }

  private TemplateFailure fail(int position, String why) {
    return TemplateFailure.parse(source, position, why);
  }
}
