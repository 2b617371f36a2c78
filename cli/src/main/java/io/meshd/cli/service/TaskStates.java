package io.meshd.cli.service;

import io.meshd.api.Tasks;
import java.util.List;

/** The order of task states; what comes after running has ended. */
final class TaskStates {
  private static final List<String> ORDER =
      List.of(
          "new",
          "allocated",
          "pending",
          "assigned",
          "accepted",
          "preparing",
          "ready",
          "starting",
          "running",
          "complete",
          "shutdown",
          "failed",
          "rejected");

  /** The number of {@code running}, the end of a progress bar. */
  static final int RUNNING = 9;

  private TaskStates() {}

  /** 1 for new to 9 for running and on; 0 for a state that progress does not show. */
  static int number(String state) {
    return ORDER.indexOf(state) + 1;
  }

  static boolean ended(String state) {
    return number(state) > RUNNING;
  }

  /** A task that runs and is meant to. */
  static boolean up(Tasks.Task task) {
    return !ended(task.desiredState()) && task.status().state().equals("running");
  }

  /**
   * Of two tasks of one slot the one to show: the lower desired state, then the lower state. Two
   * exist while one replaces the other.
   */
  static boolean replaces(Tasks.Task candidate, Tasks.Task shown) {
    int desired = number(candidate.desiredState());
    int shownDesired = number(shown.desiredState());
    return desired < shownDesired
        || (desired == shownDesired
            && number(candidate.status().state()) < number(shown.status().state()));
  }
}
