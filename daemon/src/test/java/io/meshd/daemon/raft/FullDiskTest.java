package io.meshd.daemon.raft;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Each manager with a small file system of its own, as root. */
@Timeout(120)
final class FullDiskTest {
  private static final int SEGMENT = 1 << 18;
  private static final int DISK_MIB = 24;

  @TempDir Path root;

  private Managers managers;

  @BeforeEach
  void mount() throws Exception {
    managers = new Managers(root).segments(SEGMENT);
    for (String node : new String[] {"n1", "n2", "n3"}) {
      Files.createDirectories(managers.folder(node));
      run("mount", "-t", "tmpfs", "-o", "size=" + DISK_MIB + "m", "tmpfs", folder(node));
    }
    managers.begin("n1", "n2", "n3");
  }

  @AfterEach
  void unmount() throws Exception {
    managers.close();
    for (String node : new String[] {"n1", "n2", "n3"}) {
      run("umount", "-l", folder(node));
    }
  }

  private String folder(String node) {
    return managers.folder(node).toString();
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertTrue(process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0, command[0]);
  }

  private void fill(String node) throws IOException {
    Path folder = managers.folder(node);
    long free = folder.toFile().getUsableSpace();
    Files.write(folder.resolve("ballast"), new byte[(int) (free - 2L * SEGMENT)]);
  }

  private void free(String node) throws IOException {
    Files.delete(managers.folder(node).resolve("ballast"));
  }

  @Test
  void aLeaderWithAFullDiskHandsOverAndComesBackAfterwards() throws Exception {
    managers.proposeAll("n2", "a", 20);
    fill("n1");
    await().atMost(Duration.ofSeconds(15)).until(() -> !managers.log("n1").isLeader());
    await()
        .atMost(Duration.ofSeconds(15))
        .ignoreExceptions()
        .until(() -> "21".equals(managers.propose("n2", "b")));
    managers.proposeAll("n3", "c", 20);
    assertEquals(20, managers.machine("n1").entries().size());
    free("n1");
    await()
        .atMost(Duration.ofSeconds(15))
        .until(() -> managers.machine("n1").entries().size() == 41);
    assertEquals(managers.machine("n2").entries(), managers.machine("n1").entries());
  }

  /** Nothing may be written half, not even between two looks at the disk. */
  @Test
  void aDiskThatFillsUpUnderManyProposalsLosesNothing() throws Exception {
    managers.proposeAll("n2", "a", 20);
    Path ballast = managers.folder("n1").resolve("ballast");
    List<CompletableFuture<byte[]>> under = new ArrayList<>();
    try (OutputStream out = Files.newOutputStream(ballast)) {
      while (true) {
        under.add(managers.log("n2").propose("b".getBytes(UTF_8)));
        out.write(new byte[1 << 16]);
      }
    } catch (IOException full) {
      assertTrue(String.valueOf(full.getMessage()).contains("No space left"), full.getMessage());
    }
    await()
        .atMost(Duration.ofSeconds(15))
        .ignoreExceptions()
        .until(() -> managers.propose("n2", "c") != null);
    int acknowledged = 0;
    for (CompletableFuture<byte[]> proposal : under) {
      Throwable refused = proposal.handle((_, error) -> error).get(15, TimeUnit.SECONDS);
      acknowledged += refused == null ? 1 : 0;
    }
    free("n1");
    managers.stop("n1"); // as a node does whose log is broken
    managers.again("n1");
    await()
        .atMost(Duration.ofSeconds(15))
        .untilAsserted(
            () -> assertEquals(managers.machine("n2").entries(), managers.machine("n1").entries()));
    assertTrue(managers.machine("n1").entries().size() > 20 + acknowledged);
  }

  @Test
  void whenAllDisksAreFullNothingIsAcknowledgedAndItIsSaidWhy() throws Exception {
    managers.proposeAll("n1", "a", 20);
    for (String node : managers.nodes()) {
      fill(node);
    }
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> {
              ExecutionException refused =
                  assertThrows(ExecutionException.class, () -> managers.propose("n1", "b"));
              assertTrue(refused.toString().contains("no space left"), refused.toString());
            });
    int before = managers.machine("n2").entries().size();
    for (String node : managers.nodes()) {
      free(node);
    }
    await()
        .atMost(Duration.ofSeconds(20))
        .ignoreExceptions()
        .until(() -> managers.propose("n1", "c") != null);
    managers.log("n2").catchUp().get(10, TimeUnit.SECONDS);
    assertTrue(managers.machine("n2").entries().size() > before);
    assertTrue(managers.machine("n2").entries().contains("c"));
  }
}
