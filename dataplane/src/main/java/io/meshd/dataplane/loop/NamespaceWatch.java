package io.meshd.dataplane.loop;

import java.time.Duration;

/**
 * Runs a check from time to time until closed. It is for namespaces that others delete: an open TAP
 * descriptor keeps its namespace alive, so the kernel never says that it went; only its file is
 * gone.
 */
final class NamespaceWatch implements AutoCloseable {
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final Thread thread;

  NamespaceWatch(Runnable check) {
    thread = Thread.ofVirtual().name("meshd-tap-watch").start(() -> watch(check));
  }

  private static void watch(Runnable check) {
    try {
      while (true) {
        Thread.sleep(INTERVAL);
        check.run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
