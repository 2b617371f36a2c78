package io.meshd.daemon.rest;

import com.fasterxml.jackson.core.JacksonException;
import io.meshd.api.Json;
import io.meshd.api.Paths;
import io.meshd.api.Traces;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.Routes.Doors;
import io.meshd.daemon.state.NodeRecord;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@link Traces.Question}s to this node and to others, over {@link #LOCAL_TRACE}. */
final class NodeQuestions {
  private static final String LOCAL_TRACE = Paths.MESH + "/local/trace";

  private final ClusterAccess cluster;
  private final NodeReader nodes;
  private final Supplier<@Nullable TraceAnswers> here;

  /** {@code here}: null while this node is in no cluster. */
  NodeQuestions(ClusterAccess cluster, NodeReader nodes, Supplier<@Nullable TraceAnswers> here) {
    this.cluster = cluster;
    this.nodes = nodes;
    this.here = here;
  }

  void addTo(Routes routes) {
    routes.add(Doors.MANAGERS, "GET", LOCAL_TRACE, this::answer);
  }

  private void answer(Exchange exchange) throws IOException {
    String asked = exchange.query("ask");
    try {
      byte[] json = Base64.getUrlDecoder().decode(asked == null ? "" : asked);
      exchange.respond(200, local(Json.MAPPER.readValue(json, Traces.Question.class)));
    } catch (IllegalArgumentException | JacksonException e) {
      throw new ApiException(400, "invalid question: " + e.getMessage());
    }
  }

  private Traces.Found local(Traces.Question question) throws IOException {
    TraceAnswers answers = here.get();
    if (answers == null) {
      throw new ApiException(503, ClusterAccess.NO_SWARM);
    }
    return answers.answer(question);
  }

  /**
   * @throws IOException in words when the node does not answer
   */
  Traces.Found ask(NodeRecord node, Traces.Question question)
      throws IOException, InterruptedException {
    if (node.id().equals(cluster.control().membership().nodeId())) {
      return local(question);
    }
    String asked = Base64.getUrlEncoder().withoutPadding().encodeToString(Json.bytes(question));
    try (InputStream answer = nodes.get(node, LOCAL_TRACE + "?ask=" + asked)) {
      String json = new String(answer.readAllBytes(), StandardCharsets.UTF_8);
      return Json.MAPPER.readValue(json, Traces.Found.class);
    }
  }
}
