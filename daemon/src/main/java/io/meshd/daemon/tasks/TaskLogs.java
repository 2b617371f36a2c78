package io.meshd.daemon.tasks;

import java.io.IOException;

/** What the tasks of this node have said. */
public interface TaskLogs {
  /** Whether this node has, or had, the task. */
  boolean knows(String taskId);

  /**
   * The task's output so far, and what comes while {@code follow}; blocks.
   *
   * @param tail last lines to begin with, negative for all
   * @throws IOException when the sink fails or the task is unknown
   */
  void logs(String taskId, int tail, boolean follow, LogSink sink)
      throws IOException, InterruptedException;

  /** A line without its end; {@code stderr} tells the stream. */
  @FunctionalInterface
  interface LogSink {
    void line(boolean stderr, byte[] line) throws IOException;
  }
}
