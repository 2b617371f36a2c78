package io.meshd.daemon.rest;

import io.meshd.api.Checkups;
import io.meshd.daemon.state.NodeRecord;
import java.io.IOException;
import java.util.List;

/** What this node finds when it examines itself. */
@FunctionalInterface
public interface SelfExamination {
  /** Takes some seconds. */
  List<Checkups.Finding> examine(TimeOf clocks) throws InterruptedException;

  /** Asks another node for the time. */
  @FunctionalInterface
  interface TimeOf {
    /**
     * @param padding characters that its answer is to be longer, 1 Mi at most
     * @throws IOException in words when it does not answer
     */
    Checkups.Time ask(NodeRecord node, int padding) throws IOException, InterruptedException;
  }
}
