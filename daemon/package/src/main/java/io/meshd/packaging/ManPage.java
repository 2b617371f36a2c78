package io.meshd.packaging;

import java.time.LocalDate;
import java.util.Comparator;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** A page of the manual, in roff with the macros of man(7). */
final class ManPage {
  private final StringBuilder out = new StringBuilder();

  /**
   * @param what for the index of whatis(1), one line
   */
  ManPage(String name, int section, String what, LocalDate date) {
    out.append(".TH \"%s\" \"%d\" \"%s\" \"meshd\"\n".formatted(name, section, date));
    out.append(".nh\n.ad l\n");
    section("NAME");
    out.append(escaped(name)).append(" \\- ").append(escaped(what)).append('\n');
  }

  ManPage section(String title) {
    out.append(".SH ").append(title).append('\n');
    return this;
  }

  ManPage paragraph(String text) {
    out.append(".PP\n").append(line(text));
    return this;
  }

  /** Words in capitals stand for something, the others are typed. */
  ManPage synopsis(String usage) {
    out.append(".PP\n\\fB").append(escaped(usage)).append("\\fR\n");
    return this;
  }

  ManPage term(String term, String text) {
    out.append(".TP\n\\fB").append(escaped(term)).append("\\fR\n").append(line(text));
    return this;
  }

  /** Those that are not hidden, by their long names. */
  ManPage options(CommandSpec spec) {
    spec.options().stream()
        .filter(option -> !option.hidden())
        .sorted(Comparator.comparing(OptionSpec::longestName))
        .forEach(this::option);
    return this;
  }

  private void option(OptionSpec option) {
    out.append(".TP\n\\fB");
    out.append(escaped(String.join(", ", option.names()))).append("\\fR");
    if (takesValue(option)) {
      out.append(" \\fI").append(escaped(option.paramLabel())).append("\\fR");
    }
    out.append('\n').append(line(String.join(" ", option.description())));
  }

  static boolean takesValue(OptionSpec option) {
    return option.type() != boolean.class && option.type() != Boolean.class;
  }

  ManPage verbatim(String text) {
    out.append(".PP\n.nf\n");
    text.lines().forEach(each -> out.append(line(each)));
    out.append(".fi\n");
    return this;
  }

  ManPage seeAlso(String... pages) {
    section("SEE ALSO");
    return paragraph(String.join(", ", pages));
  }

  String roff() {
    return out.toString();
  }

  /** A line of text; one that begins with a dot or a quote would be a request. */
  private static String line(String text) {
    String escaped = escaped(text);
    boolean request = escaped.startsWith(".") || escaped.startsWith("'");
    return (request ? "\\&" : "") + escaped + "\n";
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\e").replace("-", "\\-");
  }
}
