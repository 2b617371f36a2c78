package io.meshd.daemon.rest;

import io.meshd.api.Services;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How Docker's clients ask for the runtime {@code process}, of which they know nothing: as the
 * image {@code process}. They write a tag after it, and refuse to send a spec back in which Runtime
 * is another word than {@code container}. The state knows the runtime and no such image.
 */
final class ProcessImage {
  private ProcessImage() {}

  private static final String NAME = Services.TaskSpec.PROCESS;
  private static final Pattern NAMES = Pattern.compile(NAME + "(:latest)?(@sha256:[0-9a-f]{64})?");

  static boolean named(@Nullable String image) {
    return image != null && NAMES.matcher(image).matches();
  }

  /** As it is to be kept: the image, where there is one, says what the runtime is. */
  static Services.TaskSpec kept(Services.TaskSpec task) {
    String image = task.containerSpec().image();
    if (image == null || image.isEmpty()) {
      return task;
    }
    return named(image)
        ? task.with(task.containerSpec().withImage(null), NAME)
        : task.with(task.containerSpec(), NAME.equals(task.runtime()) ? null : task.runtime());
  }

  /** As Docker's clients can read it. */
  static Services.TaskSpec shown(Services.TaskSpec task) {
    return NAME.equals(task.runtime())
        ? task.with(task.containerSpec().withImage(NAME), "container")
        : task;
  }
}
