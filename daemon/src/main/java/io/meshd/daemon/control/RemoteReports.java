package io.meshd.daemon.control;

import io.meshd.api.Json;
import io.meshd.api.Nodes;
import io.meshd.daemon.security.Pem;
import io.meshd.daemon.state.Command;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Reports to a manager over :2377, and there says that this node leaves or pauses, or asks for a
 * new certificate.
 */
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
    var _ = post(AgentMessages.REPORT, Json.bytes(new AgentMessages.ReportCall(reports)), LIMIT);
  }

  /**
   * Makes this node down at once instead of after a silence.
   *
   * @throws IOException when no manager hears it; it is then down a little later
   */
  public void leave() throws IOException, InterruptedException {
    var _ = post(AgentMessages.LEAVE, new byte[0], LEAVE_LIMIT);
  }

  /**
   * Says that this node's daemon ends and its tasks do not: nobody is to begin anything with them.
   *
   * @throws IOException when no manager hears it
   */
  public void pause() throws IOException, InterruptedException {
    var _ = post(AgentMessages.PAUSE, new byte[0], LEAVE_LIMIT);
  }

  /**
   * Asks for a new certificate of this node.
   *
   * @param request PKCS #10 as PEM
   */
  public X509Certificate renew(String request) throws IOException, InterruptedException {
    byte[] answer =
        post(AgentMessages.RENEW, Json.bytes(new AgentMessages.RenewCall(request)), LIMIT);
    return Pem.certificate(
        Json.MAPPER.readValue(answer, AgentMessages.RenewAnswer.class).certificate());
  }

  /**
   * What a manager needs to take part in the log.
   *
   * @throws IOException in words when no manager tells
   */
  public AgentMessages.MembersAnswer members() throws IOException, InterruptedException {
    return Json.MAPPER.readValue(
        call("GET", AgentMessages.MEMBERS, new byte[0], LIMIT), AgentMessages.MembersAnswer.class);
  }

  /** Says what this node is, what it shows and whom it trusts. */
  public void describe(Nodes.NodeDescription own) throws IOException, InterruptedException {
    var _ = post(AgentMessages.DESCRIBE, Json.bytes(new AgentMessages.DescribeCall(own)), LIMIT);
  }

  private byte[] post(String path, byte[] body, Duration limit)
      throws IOException, InterruptedException {
    return call("POST", path, body, limit);
  }

  private byte[] call(String method, String path, byte[] body, Duration limit)
      throws IOException, InterruptedException {
    IOException failure = new IOException("no manager is known");
    for (String manager : managers.list()) {
      try {
        HttpResponse<InputStream> answer = client.send(manager, method, path, JSON, body, limit);
        if (answer.statusCode() < 300) {
          managers.prefer(manager);
          try (InputStream content = answer.body()) {
            return content.readAllBytes();
          }
        }
        failure = new IOException(ErrorText.of(answer));
      } catch (IOException e) {
        failure = e;
      }
    }
    throw failure;
  }
}
