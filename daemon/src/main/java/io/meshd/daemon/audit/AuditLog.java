package io.meshd.daemon.audit;

import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line per change, on the logger {@code meshd.audit}:
 *
 * <pre>
 *   accepted version=42 verb=create kind=network name=mynet id=u1k... uid=1000 user=alice node=9x...
 *   refused version=42 verb=remove kind=service name=web reason="service web not found" uid=0 ...
 * </pre>
 *
 * Version is the state's after the change; a refused one changes nothing. Values with anything but
 * letters, digits and {@code . _ : / @ -} are quoted, with control characters escaped: nobody can
 * begin a line of their own by a name.
 */
public final class AuditLog {
  private static final Logger LOG = LoggerFactory.getLogger("meshd.audit");
  private static final int MOST_CHARACTERS = 256;

  private AuditLog() {}

  /** {@code version} of the state after it. */
  public static void accepted(Asker asker, Change change, long version) {
    if (LOG.isInfoEnabled()) {
      LOG.info(line("accepted", asker, change, version, ""));
    }
  }

  /** {@code version} of the state that stays. */
  public static void refused(Asker asker, Change change, long version, String reason) {
    if (LOG.isInfoEnabled()) {
      LOG.info(line("refused", asker, change, version, reason));
    }
  }

  private static String line(String word, Asker asker, Change change, long version, String reason) {
    StringBuilder line = new StringBuilder(word).append(" version=").append(version);
    add(line, "verb", change.verb());
    add(line, "kind", change.kind());
    add(line, "name", change.name());
    add(line, "id", change.id());
    add(line, "reason", reason);
    for (Map.Entry<String, String> field : asker.fields().entrySet()) {
      add(line, field.getKey(), field.getValue());
    }
    return line.toString();
  }

  private static void add(StringBuilder line, String name, String value) {
    if (value.isEmpty()) {
      return;
    }
    line.append(' ').append(name).append('=');
    if (value.length() <= MOST_CHARACTERS && value.chars().allMatch(AuditLog::plain)) {
      line.append(value);
      return;
    }
    line.append('"');
    value.codePoints().limit(MOST_CHARACTERS).forEach(c -> quoted(line, c));
    line.append('"');
  }

  private static boolean plain(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || "._:/@-".indexOf(c) >= 0;
  }

  private static void quoted(StringBuilder line, int c) {
    if (c == '"' || c == '\\') {
      line.append('\\').append((char) c);
    } else if (Character.isISOControl(c)
        || Character.getType(c) == Character.FORMAT
        || Character.getType(c) == Character.LINE_SEPARATOR
        || Character.getType(c) == Character.PARAGRAPH_SEPARATOR) {
      line.append("\\u%04x".formatted(c));
    } else {
      line.appendCodePoint(c);
    }
  }
}
