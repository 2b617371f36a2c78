package io.meshd.cli.format;

import io.meshd.cli.grammar.Failure;

/** A template that cannot be read or does not fit the value, in Go's words. */
public final class TemplateFailure extends Failure {
  private static final long serialVersionUID = 1L;

  private TemplateFailure(String text) {
    super("template parsing error: template: " + text);
  }

  static TemplateFailure parse(String source, int position, String why) {
    return new TemplateFailure(":%d: %s".formatted(line(source, position), why));
  }

  static TemplateFailure execute(String source, int position, String node, String why) {
    int newline = source.lastIndexOf('\n', Math.max(0, position - 1));
    return new TemplateFailure(
        ":%d:%d: executing \"\" at <%s>: %s"
            .formatted(
                line(source, position), newline < 0 ? position : position - newline, node, why));
  }

  private static int line(String source, int position) {
    return 1 + (int) source.substring(0, position).chars().filter(c -> c == '\n').count();
  }
}
