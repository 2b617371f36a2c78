package io.meshd.cli.format;

/**
 * One token of a template. {@code position}: offset in the template's text, for error messages.
 *
 * @param text for STRING the unquoted value, for FIELD the name without its dot
 */
record Token(Kind kind, String text, int position) {
  enum Kind {
    TEXT,
    OPEN,
    CLOSE,
    FIELD,
    DOT,
    VARIABLE,
    WORD,
    STRING,
    NUMBER,
    PIPE,
    LEFT_PAREN,
    RIGHT_PAREN,
    DECLARE,
    COMMA,
    SPACE,
    END
  }
}
