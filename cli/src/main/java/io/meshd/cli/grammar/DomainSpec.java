package io.meshd.cli.grammar;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One {@code --dns-search}: a domain, or {@code .} for none. */
public record DomainSpec(String name) {
  private static final String LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
  private static final Pattern DOMAIN = Pattern.compile("(" + LABEL + "(?:\\." + LABEL + ")*)\\.?");
  private static final Pattern LETTER = Pattern.compile("[a-zA-Z]");
  private static final int MOST = 254;

  public static DomainSpec parse(String text) {
    String plain = text.strip();
    if (plain.equals(".")) {
      return new DomainSpec(plain);
    }
    Matcher domain = DOMAIN.matcher(plain);
    if (!LETTER.matcher(plain).find() || !domain.matches() || domain.group(1).length() > MOST) {
      throw new IllegalArgumentException(plain + " is not a valid domain");
    }
    return new DomainSpec(domain.group(1));
  }
}
