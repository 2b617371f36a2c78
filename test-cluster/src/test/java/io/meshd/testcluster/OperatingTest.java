package io.meshd.testcluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What operators do with a cluster, as docs/OPERATING.md says it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OperatingTest {
  private final Cluster cluster = Cluster.up(OperatingTest.class);

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void theManagerSaysWhoChangedWhatAlsoFromAWorker() throws IOException {
    List<String> joins =
        audit().stream().filter(line -> line.contains(" verb=join kind=node ")).toList();
    assertEquals(2, joins.size(), joins.toString());
    assertTrue(joins.stream().anyMatch(line -> line.endsWith(" address=10.99.0.3")));

    String network =
        cluster.meshctl("n2", "network", "create", "--driver", "overlay", "asked").orFail();
    assertFalse(cluster.meshctl("n3", "service", "rm", "nobody").ok());
    String worker = cluster.meshctl(List.of("node", "inspect", "--format", "{{.ID}}", "n2"));
    String created = line(" name=asked ");
    assertTrue(created.contains(" audit: accepted version="), created);
    assertTrue(
        created.endsWith(
            " verb=create kind=network name=asked id=%s uid=0 node=%s role=worker address=10.99.0.2"
                .formatted(network, worker)),
        created);
    String refused = line(" name=nobody ");
    assertTrue(refused.contains(" audit: refused version="), refused);
    assertTrue(
        refused.contains(
            " verb=remove kind=service name=nobody reason=\"service nobody not found\""),
        refused);
    cluster.meshctl("n1", "network", "rm", "asked").orFail();
    String removed = line(" verb=remove kind=network name=asked ");
    assertTrue(removed.contains(" uid=0 user=root node="), removed);
  }

  private String line(String part) throws IOException {
    return audit().stream().filter(line -> line.contains(part)).toList().getLast();
  }

  private List<String> audit() throws IOException {
    return Files.readAllLines(cluster.state().resolve("n1/meshd.log")).stream()
        .filter(line -> line.contains(" audit: "))
        .toList();
  }
}
