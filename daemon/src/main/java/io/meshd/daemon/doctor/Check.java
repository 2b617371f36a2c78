package io.meshd.daemon.doctor;

import java.io.IOException;

/** One thing that can be wrong, or a few that are found out together. */
interface Check {
  /** One word, as in {@link io.meshd.api.Checkups.Finding}. */
  String name();

  /**
   * Notes what it finds; ends within seconds.
   *
   * @throws IOException in words when it cannot be found out
   */
  void look(Subject subject, Notes notes) throws IOException, InterruptedException;
}
