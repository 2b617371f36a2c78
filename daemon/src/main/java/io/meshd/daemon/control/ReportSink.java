package io.meshd.daemon.control;

import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.state.Command;
import java.io.IOException;
import java.util.List;

/** Where a node's reports go. */
@FunctionalInterface
public interface ReportSink {
  /**
   * Returns once they are in the state.
   *
   * @param reports empty to say only that the node is there
   * @throws IOException when no manager took them: to be tried again
   */
  void send(List<Command.Report> reports) throws IOException, InterruptedException;

  /** On the manager itself. */
  static ReportSink toDesk(ReportDesk desk, String nodeId) {
    return reports -> {
      try {
        desk.accept(nodeId, reports);
      } catch (ApiException e) {
        throw new IOException(e.text());
      }
    };
  }
}
