package io.meshd.daemon.linux;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** For teardown: every step is tried, every error kept, all of them reported at the end. */
public final class Problems {
  private final List<String> found = new ArrayList<>();

  /** A step that may fail without keeping the next one from being tried. */
  @FunctionalInterface
  public interface Step {
    void run() throws IOException;
  }

  public void attempt(Step step) {
    try {
      step.run();
    } catch (LinuxException e) {
      found.addAll(e.problems());
    } catch (IOException e) {
      found.add(e.getMessage() == null ? e.toString() : e.getMessage());
    }
  }

  public void throwIfAny() throws LinuxException {
    if (!found.isEmpty()) {
      throw new LinuxException(found);
    }
  }
}
