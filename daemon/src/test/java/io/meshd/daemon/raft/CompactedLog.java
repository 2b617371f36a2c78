package io.meshd.daemon.raft;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.daemon.disk.DataKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A log whose beginning is a snapshot, and entries after it. Atomix looks every 10 s for what a
 * snapshot can take the place of, and waits 10 s more: so it is filled once for all tests, and each
 * gets a copy.
 */
final class CompactedLog {
  static final DataKeys KEYS = DataKeys.drawn();

  /** Part of every entry. */
  static final String SECRET = "the-key-of-all-keys";

  static final int SEGMENT_BYTES = 1 << 16;

  private static final ListMachine FILLED = new ListMachine();
  private static final Map<String, byte[]> FILES = new HashMap<>();

  private CompactedLog() {}

  static AtomixLog.Settings settings(Path folder, DataKeys keys) {
    return new AtomixLog.Settings(
        folder,
        keys,
        SEGMENT_BYTES,
        1 << 14,
        Duration.ofSeconds(1),
        Duration.ofMillis(250),
        Duration.ofSeconds(10));
  }

  static AtomixLog.Settings settings(Path folder) {
    return settings(folder, KEYS);
  }

  /**
   * @param folder that is empty
   * @return what the machine had applied
   */
  static synchronized List<String> copyTo(Path folder) throws Exception {
    if (FILES.isEmpty()) {
      fill(Files.createDirectories(folder.resolve("filled")));
    }
    for (Map.Entry<String, byte[]> file : FILES.entrySet()) {
      Files.write(folder.resolve(file.getKey()), file.getValue());
    }
    return FILLED.entries();
  }

  private static void fill(Path folder) throws IOException {
    try (AtomixLog log = AtomixLog.open(settings(folder), new InProcessTransport("n1"), FILLED)) {
      String filler = "-".repeat(1000);
      IntStream.range(0, 200)
          .mapToObj(i -> log.propose((i + SECRET + filler).getBytes(UTF_8)))
          .toList()
          .forEach(CompletableFuture::join);
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> !Files.exists(folder.resolve("meshd-1.log")));
      log.propose(("last" + SECRET).getBytes(UTF_8)).join();
    }
    assertEquals(1, Damage.all(folder, "*.sealed").size());
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        FILES.put(file.getFileName().toString(), Files.readAllBytes(file));
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
