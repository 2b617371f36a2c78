package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.testcluster.peer.Datagrams;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A worker's meshd comes back after its tasks were replaced elsewhere. */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WorkerReturnTest {
  private final Cluster cluster = Cluster.shared(WorkerReturnTest.class);
  private final Services services = new Services(cluster);

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void aTaskThatWasReplacedIsEndedBeforeItsNodeForwardsForIt() throws IOException {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "net"));
    Path seen = cluster.state().resolve("seen");
    services.create(
        "sink",
        List.of("--network", "net", "--constraint", "node.hostname==n1"),
        Services.program(Datagrams.class, "receive", "9000", seen.toString()));
    String sink = services.address(services.only("sink"), "eth0");
    services.create(
        "source",
        List.of("--network", "net", "--constraint", "node.hostname!=n1"),
        Services.program(Datagrams.class, "send", sink, "9000"));
    Task old = services.only("source");
    String oldAddress = services.address(old, "eth0");
    await().atMost(Duration.ofSeconds(20)).until(() -> count(seen, oldAddress) > 10);

    cluster.kill(old.node());
    Task replacement =
        await()
            .atMost(Duration.ofSeconds(90))
            .pollInterval(Duration.ofMillis(500))
            .until(
                () ->
                    services.running("source").stream()
                        .filter(task -> !task.id().equals(old.id()))
                        .findFirst(),
                java.util.Optional::isPresent)
            .orElseThrow();
    String address = services.address(replacement, "eth0");
    await().atMost(Duration.ofSeconds(20)).until(() -> count(seen, address) > 10);
    long before = count(seen, oldAddress);
    // Its process is still there and still sends: nobody on its node could know of the change.
    assertTrue(cluster.run(old.node(), "pgrep", "-f", "peer.Datagrams send").ok());

    cluster.start(old.node());
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> !cluster.run(old.node(), "pgrep", "-f", "peer.Datagrams send").ok());
    assertEquals(before, count(seen, oldAddress), "datagrams of the replaced task were forwarded");
    await()
        .atMost(Duration.ofSeconds(5))
        .untilAsserted(() -> assertEquals(List.of(replacement), services.running("source")));
  }

  private static long count(Path seen, String address) throws IOException {
    if (!Files.exists(seen)) {
      return 0;
    }
    return Files.readAllLines(seen).stream().filter(address::equals).count();
  }
}
