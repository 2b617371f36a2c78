package io.meshd.testcluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a Swarm user types, with the stock docker command line and with meshctl, and tasks that are
 * containers; {@code test-cluster/rows} has the lines and what they must print.
 */
@SharesCluster(SharesCluster.Shape.DOCKER)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RowsTest {
  private static final int MINUTES = 8;

  /** With meshctl too, and no difference between the two that nobody explains. */
  private static final boolean LONG = Boolean.getBoolean("meshd.long");

  @TempDir Path folder;

  private final Cluster cluster = Cluster.shared(RowsTest.class);

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  @Timeout(value = MINUTES + 1, unit = TimeUnit.MINUTES)
  void everyLinePrintsWhatItMust() throws Exception {
    Path said = folder.resolve("rows.txt");
    Process rows =
        LONG ? cluster.typed(said, "rows") : cluster.typed(said, "rows", "--with", "docker");
    try {
      assertTrue(rows.waitFor(MINUTES, TimeUnit.MINUTES), () -> read(said));
    } finally {
      rows.descendants().forEach(ProcessHandle::destroyForcibly);
      rows.destroyForcibly();
    }
    assertEquals(0, rows.exitValue(), () -> read(said));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
