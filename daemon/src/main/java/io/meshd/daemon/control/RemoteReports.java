package io.meshd.daemon.control;

import io.meshd.api.Json;
import io.meshd.daemon.state.Command;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Reports to a manager over :2377, and there says that this node leaves or pauses. */
public final class RemoteReports implements ReportSink {
  private static final Duration LIMIT = Duration.ofSeconds(12);
  private static final Duration LEAVE_LIMIT = Duration.ofSeconds(2);
  private static final Map<String, String> JSON = Map.of("Content-Type", "application/json");

  private final ManagerAddresses managers;
  private final ClusterClient client;

  public RemoteReports(ManagerAddresses managers, ClusterClient client) {
    this.managers = managers;
    this.client = client;
  }

  @Override
  public void send(List<Command.Report> reports) throws IOException, InterruptedException {
    post(AgentMessages.REPORT, Json.bytes(new AgentMessages.ReportCall(reports)), LIMIT);
  }

  /**
   * Makes this node down at once instead of after a silence.
   *
   * @throws IOException when no manager hears it; it is then down a little later
   */
  public void leave() throws IOException, InterruptedException {
    post(AgentMessages.LEAVE, new byte[0], LEAVE_LIMIT);
  }

  /**
   * Says that this node's daemon ends and its tasks do not: nobody is to begin anything with them.
   *
   * @throws IOException when no manager hears it
   */
  public void pause() throws IOException, InterruptedException {
    post(AgentMessages.PAUSE, new byte[0], LEAVE_LIMIT);
  }

  private void post(String path, byte[] body, Duration limit)
      throws IOException, InterruptedException {
    IOException failure = new IOException("no manager is known");
    for (String manager : managers.list()) {
      try {
        HttpResponse<InputStream> answer = client.send(manager, "POST", path, JSON, body, limit);
        if (answer.statusCode() < 300) {
          answer.body().close();
          managers.prefer(manager);
          return;
        }
        failure = new IOException(ErrorText.of(answer));
      } catch (IOException e) {
        failure = e;
      }
    }
    throw failure;
  }
}
