package io.meshd.daemon;

import ch.qos.logback.classic.Level;
import io.meshd.daemon.systemd.ServiceManager;
import io.meshd.daemon.systemd.Watchdog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The daemon's start and end. What keeps it from starting is one sentence on standard error and
 * exit code 1; SIGTERM and SIGINT end it cleanly, with tasks left running. So does SIGHUP, where
 * another meshd follows at once.
 */
public final class Meshd {
  private static final Logger LOG = LoggerFactory.getLogger(Meshd.class);

  private Meshd() {}

  public static void main(String[] arguments) {
    try {
      ConfigReader reader = new ConfigReader();
      Optional<String> answer = reader.answer(arguments);
      if (answer.isPresent()) {
        System.out.print(answer.get());
        return;
      }
      run(reader.read(arguments));
    } catch (StartupException e) {
      System.err.println("meshd: " + e.getMessage());
      System.exit(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void run(MeshdConfig config) throws StartupException, InterruptedException {
    long begun = System.nanoTime();
    nameProcess();
    log(config.logLevel());
    StartupChecks checks = StartupChecks.ofThisMachine();
    checks.checkMachine();
    StartupChecks.checkSocket(config.socket());
    DataDirLock lock = DataDirLock.take(config.dataDir());
    MeshdNode node = new MeshdNode(config);
    try {
      node.start();
    } catch (IOException e) {
      node.close();
      throw new StartupException(String.valueOf(e.getMessage()));
    }
    ServiceManager manager = ServiceManager.of(System.getenv(), ProcessHandle.current().pid());
    Watchdog.start(manager, node::parts);
    CountDownLatch ended = new CountDownLatch(1);
    AtomicBoolean succeeded = new AtomicBoolean();
    HangUp.handle(
        () -> {
          succeeded.set(true);
          System.exit(0);
        });
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("shutdown")
                .unstarted(
                    () -> {
                      LOG.info("stopping; tasks stay");
                      manager.stopping("stopping; tasks stay");
                      node.windDown(succeeded.get());
                      node.close();
                      release(lock);
                      ended.countDown();
                    }));
    LOG.info("ready in {} ms", (System.nanoTime() - begun) / 1_000_000);
    manager.ready("answers on " + config.socket());
    ended.await();
  }

  /** Tools that list sockets and processes show this name instead of the virtual machine's. */
  private static void nameProcess() {
    try {
      Files.writeString(Path.of("/proc/self/comm"), "meshd");
    } catch (IOException e) {
      LOG.debug("this process keeps its name", e);
    }
  }

  private static void log(MeshdConfig.LogLevel level) {
    if (LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)
        instanceof ch.qos.logback.classic.Logger root) {
      root.setLevel(Level.toLevel(level.name()));
    }
  }

  private static void release(DataDirLock lock) {
    try {
      lock.close();
    } catch (IOException e) {
      LOG.debug("the lock ends with the process", e);
    }
  }
}
