package io.meshd.daemon.systemd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is told to a service manager that is really there: a socket of another process. */
@Timeout(60)
class ServiceManagerTest {
  private static final String SUPERVISOR =
      """
      import socket, sys
      s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      s.bind(sys.argv[1].replace('@', chr(0), 1))
      print('bound', flush=True)
      while True: print(s.recv(4096).decode().replace(chr(10), '|'), flush=True)
      """;

  @TempDir Path folder;
  private @Nullable Watchdog started;

  @AfterEach
  void endWatching() {
    if (started != null) {
      started.close();
    }
  }

  @Test
  void isToldOfStartAndEndAtAPath() throws Exception {
    String socket = folder.resolve("notify").toString();
    try (Supervisor supervisor = new Supervisor(socket)) {
      ServiceManager manager = ServiceManager.of(Map.of("NOTIFY_SOCKET", socket), 7);
      manager.ready("two\nlines");
      assertEquals("READY=1|STATUS=two lines", supervisor.next());
      manager.stopping("bye");
      assertEquals("STOPPING=1|STATUS=bye", supervisor.next());
    }
  }

  @Test
  void isToldByAnAbstractName() throws Exception {
    String socket = "@meshd-test-" + ProcessHandle.current().pid();
    try (Supervisor supervisor = new Supervisor(socket)) {
      ServiceManager.of(Map.of("NOTIFY_SOCKET", socket), 7).ready("here");
      assertEquals("READY=1|STATUS=here", supervisor.next());
    }
  }

  @Test
  void whoIsNotThereIsNotWaitedFor() {
    for (String socket : List.of(folder + "/none", "relative", "/" + "x".repeat(200), "@")) {
      ServiceManager.of(Map.of("NOTIFY_SOCKET", socket), 7).ready("unheard");
    }
    ServiceManager.of(Map.of(), 7).ready("unheard");
  }

  @Test
  void watchesWhereTheEnvironmentSaysSoOfThisProcess() {
    assertEquals(Optional.of(Duration.ofSeconds(60)), watchdog("60000000", "7"));
    assertEquals(Optional.empty(), watchdog("60000000", "8"));
    assertEquals(Optional.empty(), watchdog("0", "7"));
    assertEquals(Optional.empty(), watchdog("soon", "7"));
    assertEquals(
        Optional.empty(), ServiceManager.of(Map.of("WATCHDOG_USEC", "60000000"), 7).watchdog());
  }

  private static Optional<Duration> watchdog(String micros, String pid) {
    return ServiceManager.of(
            Map.of("NOTIFY_SOCKET", "/n", "WATCHDOG_USEC", micros, "WATCHDOG_PID", pid), 7)
        .watchdog();
  }

  /** Silence while a thread hangs, and signs again when it goes on. */
  @Test
  void aThreadThatHangsSilencesTheWatchdog() throws Exception {
    String socket = folder.resolve("notify").toString();
    ExecutorService loop = Executors.newSingleThreadExecutor();
    try (Supervisor supervisor = new Supervisor(socket)) {
      ServiceManager manager =
          ServiceManager.of(Map.of("NOTIFY_SOCKET", socket, "WATCHDOG_USEC", "400000"), 7);
      started = Watchdog.start(manager, () -> Watchdog.partsOf("loop", List.of(loop)));
      for (int i = 0; i < 3; i++) {
        assertEquals("WATCHDOG=1", supervisor.next());
      }
      CountDownLatch hanging = new CountDownLatch(1);
      CountDownLatch goOn = new CountDownLatch(1);
      loop.execute(
          () -> {
            hanging.countDown();
            try {
              goOn.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
      hanging.await();
      // At most the one that had its sign already.
      supervisor.poll(Duration.ofMillis(300));
      assertEquals(Optional.empty(), supervisor.poll(Duration.ofSeconds(1)));
      goOn.countDown();
      assertEquals("WATCHDOG=1", supervisor.next());
    } finally {
      loop.shutdownNow();
    }
  }

  /** As when the node leaves: it is not there any more when it is asked, and then not expected. */
  @Test
  void aThreadThatEndsAsItIsAskedDoesNotCostTheInterval() throws Exception {
    String socket = folder.resolve("notify").toString();
    ExecutorService ended = Executors.newSingleThreadExecutor();
    ended.shutdownNow();
    AtomicInteger round = new AtomicInteger();
    try (Supervisor supervisor = new Supervisor(socket)) {
      ServiceManager manager =
          ServiceManager.of(Map.of("NOTIFY_SOCKET", socket, "WATCHDOG_USEC", "4000000"), 7);
      started =
          Watchdog.start(
              manager,
              () ->
                  round.getAndIncrement() == 1
                      ? Watchdog.partsOf("loop", List.of(ended))
                      : List.of());
      assertEquals("WATCHDOG=1", supervisor.next());
      assertEquals(Optional.of("WATCHDOG=1"), supervisor.poll(Duration.ofSeconds(3)));
    }
  }

  /** The other end, in a process of its own. */
  private static final class Supervisor implements AutoCloseable {
    private final Process process;
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

    Supervisor(String socket) throws IOException, InterruptedException {
      process =
          new ProcessBuilder("python3", "-c", SUPERVISOR, socket)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      BufferedReader lines = process.inputReader();
      Thread.ofVirtual().start(() -> lines.lines().forEach(heard::add));
      assertEquals("bound", next());
    }

    String next() throws InterruptedException {
      Optional<String> line = poll(Duration.ofSeconds(20));
      assertTrue(line.isPresent(), "nothing was told");
      return line.get();
    }

    Optional<String> poll(Duration patience) throws InterruptedException {
      return Optional.ofNullable(heard.poll(patience.toMillis(), TimeUnit.MILLISECONDS));
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }
}
