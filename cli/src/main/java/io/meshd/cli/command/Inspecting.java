package io.meshd.cli.command;

import io.meshd.cli.format.TemplateFailure;
import io.meshd.cli.grammar.Failure;
import java.util.List;
import java.util.function.Consumer;

/** How {@code inspect} goes on: what was found is printed first, then what was not. */
public final class Inspecting {
  private Inspecting() {}

  /** Looks at each name; one line per failure goes to {@code errors}; 1 when there was one. */
  public static int each(List<String> names, StringBuilder errors, Consumer<String> look) {
    int code = 0;
    for (String name : names) {
      try {
        look.accept(name);
      } catch (TemplateFailure e) {
        errors.append(e.text()).append('\n');
        return 1;
      } catch (Failure e) {
        errors.append(e.text()).append('\n');
        code = 1;
      }
    }
    return code;
  }
}
