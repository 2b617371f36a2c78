package io.meshd.daemon.control;

import io.meshd.api.Json;
import io.meshd.api.Nodes;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.security.JoinToken;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.security.NodeKeys;
import io.meshd.daemon.security.NodeRole;
import io.meshd.daemon.security.Pem;
import io.meshd.daemon.security.TlsContexts;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.security.KeyPair;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes this node a member: token and request to a manager, identity back. */
public final class JoinClient {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private JoinClient() {}

  /**
   * What this node says of itself.
   *
   * @param availability active, pause, drain
   * @param advertiseAddress without port; null: what the manager sees
   * @param controlPort of this node's :2377
   * @param dataPathAddress null: the advertised address
   */
  public record Applicant(
      String availability,
      Nodes.NodeDescription description,
      @Nullable String advertiseAddress,
      int controlPort,
      @Nullable String dataPathAddress) {}

  /**
   * Asks each manager in turn until one answers.
   *
   * @param remotes host:port
   * @throws ApiException in words: 400 {@code invalid join token}, what the manager refused with,
   *     or 503 when none could be reached or trusted
   */
  public static NodeIdentity join(List<String> remotes, String token, Applicant applicant)
      throws InterruptedException {
    JoinToken parsed = parse(token);
    KeyPair keys = NodeKeys.generate();
    byte[] call =
        Json.bytes(
            new AgentMessages.JoinCall(
                token,
                NodeKeys.request(keys),
                applicant.availability,
                applicant.description,
                applicant.advertiseAddress,
                applicant.controlPort,
                applicant.dataPathAddress));
    String failure = "no manager's address was given";
    try (ClusterClient client = new ClusterClient(TlsContexts.joining(parsed))) {
      for (String remote : remotes) {
        try {
          return identity(ask(client, remote, call), keys);
        } catch (IOException e) {
          failure = "cannot join through " + remote + ": " + ErrorText.of(e);
        }
      }
    }
    throw new ApiException(503, failure);
  }

  private static JoinToken parse(String token) {
    try {
      return JoinToken.parse(token);
    } catch (IllegalArgumentException e) {
      throw new ApiException(400, "invalid join token");
    }
  }

  private static AgentMessages.JoinAnswer ask(ClusterClient client, String remote, byte[] call)
      throws IOException, InterruptedException {
    HttpResponse<InputStream> answer =
        client.send(
            remote,
            "POST",
            AgentMessages.JOIN,
            Map.of("Content-Type", "application/json"),
            call,
            LIMIT);
    if (answer.statusCode() != 200) {
      throw new ApiException(answer.statusCode(), ErrorText.of(answer));
    }
    try (InputStream body = answer.body()) {
      return Json.MAPPER.readValue(body, AgentMessages.JoinAnswer.class);
    }
  }

  private static NodeIdentity identity(AgentMessages.JoinAnswer answer, KeyPair keys)
      throws IOException {
    return new NodeIdentity(
        answer.nodeId(),
        answer.clusterId(),
        answer.role().equals(NodeRole.MANAGER.word()) ? NodeRole.MANAGER : NodeRole.WORKER,
        keys.getPrivate(),
        Pem.certificate(answer.certificate()),
        Pem.certificate(answer.root()),
        answer.managers(),
        answer.advertiseAddress(),
        answer.controlAddress(),
        answer.vtep(),
        answer.dataPathPort());
  }
}
