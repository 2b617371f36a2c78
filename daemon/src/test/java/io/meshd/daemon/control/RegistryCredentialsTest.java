package io.meshd.daemon.control;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.meshd.api.Json;
import io.meshd.api.Services;
import io.meshd.daemon.disk.DataKeys;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.RegistryAuth;
import io.meshd.daemon.state.StateCodec;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What nodes hear of registries' credentials, and what is on their disks. */
final class RegistryCredentialsTest extends ManagerAndNodes {
  @Test
  void aNodeIsToldThoseOfItsOwnTasksAlone() throws Exception {
    RegistryAuth auth = new RegistryAuth("c2VjcmV0");
    NodeIdentity mine = manager.join("w1");
    NodeIdentity other = manager.join("w2");
    StateWatch first = watch(mine, "mine");
    StateWatch second = watch(other, "other");
    List<ClusterState> seen = Collections.synchronizedList(new ArrayList<>());
    second.subscribe(seen::add);
    first.start();
    second.start();
    await().atMost(LIMIT).until(() -> first.connected() && second.connected());
    String at = "2026-01-01T00:00:00Z";
    var _ =
        manager.must(
            new Command.CreateService(
                at,
                "s1",
                Json.MAPPER.readValue(
                    """
                    {"Name": "web", "TaskTemplate": {"ContainerSpec": {"Image": "web:1"}}}
                    """,
                    Services.ServiceSpec.class),
                auth));
    var _ =
        manager.must(
            new Command.CreateTasks(
                at, "s1", List.of(new Command.NewTask("t1", 1, "", TaskState.RUNNING, "no node"))));
    var _ =
        manager.must(
            new Command.AssignTasks(at, List.of(new Command.Assignment("t1", mine.nodeId()))));
    long newest = manager.state().version();
    await().atMost(LIMIT).until(() -> first.state().version() >= newest);
    await().atMost(LIMIT).until(() -> second.state().version() >= newest);
    assertEquals(auth, task(first.state()).registryAuth());
    assertEquals("web", task(second.state()).serviceName());
    synchronized (seen) {
      for (ClusterState state : seen) {
        assertFalse(new String(StateCodec.encode(state), StandardCharsets.UTF_8).contains("c2Vj"));
      }
    }
    // Whoever has nothing yet gets it whole.
    StateWatch late = watch(mine, "late");
    late.start();
    await().atMost(LIMIT).until(() -> late.state().version() >= newest);
    assertEquals(auth, task(late.state()).registryAuth());
    assertNull(Objects.requireNonNull(late.state().services().get("s1")).registryAuth());

    first.close();
    for (Path file : List.of(files("mine").state(), files("mine").sealedAuths())) {
      assertFalse(Files.readString(file, StandardCharsets.ISO_8859_1).contains("c2Vj"));
    }
    assertEquals(auth, task(files("mine").load(diskKeys)).registryAuth());
    assertNull(task(files("mine").load(DataKeys.drawn())).registryAuth());
    var _ = manager.must(new Command.RemoveTasks(at, List.of("t1")));
    StateWatch again = watch(mine, "mine");
    again.start();
    await().atMost(LIMIT).until(() -> !again.state().tasks().containsKey("t1"));
    again.close();
    assertFalse(Files.exists(files("mine").sealedAuths()));
  }

  private static TaskRecord task(ClusterState state) {
    return Objects.requireNonNull(state.tasks().get("t1"));
  }
}
