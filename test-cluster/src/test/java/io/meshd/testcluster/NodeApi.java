package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import io.meshd.api.Json;
import io.meshd.api.Paths;
import io.meshd.api.http.UnixHttp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The API on a node's own socket, as it is: no words for users, and a limit for every answer. */
final class NodeApi {
  private final Path socket;

  /**
   * @param state folder of the cluster
   */
  NodeApi(Path state, String node) {
    try {
      String pid =
          Files.readString(state.resolve(node).resolve("holder")).replaceFirst("(?s) .*", "");
      socket = Path.of("/proc/" + pid + "/root/run/meshd/meshd.sock");
    } catch (IOException e) {
      throw new UncheckedIOException("the node is not up", e);
    }
  }

  /**
   * @param status 0 where there is no answer
   * @param sent false where it never came to the daemon
   * @param version of the state that is shown, or null where it is the newest
   */
  record Answer(int status, boolean sent, JsonNode body, @Nullable String version) {
    static final Answer NOT_SENT = new Answer(0, false, NullNode.instance, null);
    static final Answer NONE = new Answer(0, true, NullNode.instance, null);

    boolean done() {
      return status >= 200 && status < 300;
    }

    /** The daemon says that nothing was changed, and not only that it could not be found out. */
    boolean refused() {
      return !sent || (status >= 400 && status != 503);
    }
  }

  /**
   * Until all these managers have the same state.
   *
   * @param state folder of the cluster
   */
  static void awaitSameState(Path state, List<String> managers, Duration limit) {
    await()
        .atMost(limit)
        .untilAsserted(
            () -> {
              Set<String> states = new HashSet<>();
              for (String manager : managers) {
                states.add(
                    new NodeApi(state, manager)
                        .ask("GET", "/mesh/v1/state", null, Duration.ofSeconds(5))
                        .body()
                        .toString());
              }
              assertEquals(1, states.size(), states.toString());
            });
  }

  Answer ask(String method, String path, @Nullable Object body, Duration limit) {
    FutureTask<Answer> asking = new FutureTask<>(() -> send(method, path, body));
    Thread thread = Thread.ofVirtual().start(asking);
    try {
      return asking.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      return unsent(e.getCause()) ? Answer.NOT_SENT : Answer.NONE;
    } catch (TimeoutException e) {
      thread.interrupt();
      return Answer.NONE;
    } catch (InterruptedException e) {
      thread.interrupt();
      Thread.currentThread().interrupt();
      return Answer.NONE;
    }
  }

  private static boolean unsent(@Nullable Throwable cause) {
    return cause instanceof ConnectException
        || cause instanceof NoSuchFileException
        || (cause != null && String.valueOf(cause.getMessage()).contains("No such file"));
  }

  private Answer send(String method, String path, @Nullable Object body) throws IOException {
    byte[] bytes = body == null ? null : Json.bytes(body);
    try (UnixHttp.Answer answer = new UnixHttp(socket, "test").send(method, path, bytes, false)) {
      byte[] content = answer.body().readAllBytes();
      JsonNode tree = content.length == 0 ? null : Json.MAPPER.readTree(content);
      return new Answer(
          answer.status(),
          true,
          tree == null ? NullNode.instance : tree,
          answer.headers().get(Paths.STATE_VERSION_HEADER.toLowerCase(Locale.ROOT)));
    }
  }
}
