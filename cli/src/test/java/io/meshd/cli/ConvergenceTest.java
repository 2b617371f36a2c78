package io.meshd.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The wait after create, scale and update; the service's monitor period is one nanosecond. */
@Timeout(30)
final class ConvergenceTest {
  private static final String NODES =
      "[{\"ID\":\"n1\",\"Status\":{\"State\":\"ready\"}},{\"ID\":\"n2\",\"Status\":{\"State\":\"down\"}}]";

  private static String service(String mode, String more) {
    return """
        {"ID":"s1","Version":{"Index":1},"Spec":{"Name":"web","TaskTemplate":{"ContainerSpec":{}},
         "UpdateConfig":{"Monitor":1},"Mode":%s}%s}
        """
        .formatted(mode, more);
  }

  private static String task(int slot, String node, String state) {
    return """
        {"ID":"t%1$d%2$s","Slot":%1$d,"NodeID":"%2$s","DesiredState":"running",
         "Status":{"State":"%3$s","Timestamp":"2026-01-01T00:00:00Z"}}
        """
        .formatted(slot, node, state);
  }

  private static Run create(String service, String tasks) throws IOException {
    try (RecordedPeer peer = new RecordedPeer()) {
      peer.answer("POST /services/create", 201, "{\"ID\":\"s1\"}");
      peer.answer("GET /services/s1", 200, service);
      peer.answer("GET /tasks", 200, "[" + tasks + "]");
      peer.answer("GET /nodes", 200, NODES);
      return Run.of(peer.host(), "service", "create", "--no-resolve-image", "img");
    }
  }

  @Test
  void aLinePerTaskAndTheEnd() throws IOException {
    String tasks = task(1, "n1", "running") + "," + task(2, "n1", "running");
    Run run = create(service("{\"Replicated\":{\"Replicas\":2}}", ""), tasks);
    assertEquals(
        """
        s1
        overall progress: 0 out of 2 tasks
        1/2: running
        2/2: running
        overall progress: 2 out of 2 tasks
        verify: Waiting 1 seconds to verify that tasks are stable...
        verify: Service converged
        """,
        run.out());
    assertEquals(0, run.code());
  }

  @Test
  void aTaskOnADeadNodeDoesNotHideItsSuccessor() throws IOException {
    String tasks = task(1, "n2", "preparing") + "," + task(1, "n1", "running");
    Run run = create(service("{\"Replicated\":{\"Replicas\":1}}", ""), tasks);
    assertEquals("verify: Service converged", run.out().lines().toList().getLast());
  }

  @Test
  void aGlobalServiceIsCountedByNode() throws IOException {
    Run run = create(service("{\"Global\":{}}", ""), task(0, "n1", "running"));
    assertEquals(
        """
        s1
        overall progress: 0 out of 1 tasks
        n1: running
        overall progress: 1 out of 1 tasks
        verify: Waiting 1 seconds to verify that tasks are stable...
        verify: Service converged
        """,
        run.out());
  }

  @Test
  void aPausedUpdateIsAnError() throws IOException {
    String paused = ",\"UpdateStatus\":{\"State\":\"paused\",\"Message\":\"task t1 failed\"}";
    Run run = create(service("{\"Replicated\":{\"Replicas\":1}}", paused), task(1, "n1", "failed"));
    assertEquals("s1\n", run.out());
    assertEquals("service update paused: task t1 failed\n", run.err());
    assertEquals(1, run.code());
  }
}
