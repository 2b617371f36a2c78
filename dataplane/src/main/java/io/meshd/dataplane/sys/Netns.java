package io.meshd.dataplane.sys;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Network namespaces. setns(2) moves one thread, and a socket belongs to the namespace of the
 * thread that made it: so what is to live in a namespace is made by a thread that entered it before
 * it did anything else and never leaves it. Such threads are platform threads; a virtual thread
 * would take its carrier along.
 */
public final class Netns {
  private Netns() {}

  /**
   * Daemon threads that are in the namespace for good before they run what they are given. The
   * namespace is looked up when a thread is made: a missing one is an {@link UncheckedIOException}
   * from {@code newThread}, with its path in the message.
   *
   * @param netns a namespace file, for example /run/netns/x or /proc/42/ns/net
   */
  public static ThreadFactory threadFactory(Path netns) {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      int fd;
      try {
        fd = open(netns);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return Thread.ofPlatform()
          .daemon()
          .name("netns-" + netns.getFileName() + "-" + count.getAndIncrement())
          .unstarted(
              () -> {
                enter(fd, netns);
                task.run();
              });
    };
  }

  /**
   * Runs the task on a fresh thread inside the namespace and waits for it.
   *
   * @throws IOException when the namespace is not there
   * @throws Exception what the task threw, as it was
   */
  public static <T> T call(Path netns, Callable<T> task) throws Exception {
    Outcome<T> outcome = new Outcome<>();
    Thread thread;
    try {
      thread = threadFactory(netns).newThread(() -> outcome.run(task));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    thread.setUncaughtExceptionHandler((t, e) -> outcome.failed(e));
    thread.start();
    thread.join();
    return outcome.get();
  }

  private static int open(Path netns) throws IOException {
    int fd = Libc.open(netns.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC);
    return Errno.check(fd, "cannot open network namespace " + netns);
  }

  private static void enter(int fd, Path netns) {
    int result = Libc.setns(fd, Libc.CLONE_NEWNET);
    Libc.close(fd);
    if (result < 0) {
      throw new UncheckedIOException(
          Errno.failure(result, "cannot enter network namespace " + netns));
    }
  }

  /** What a task came to; written by its thread, read after that thread was joined. */
  private static final class Outcome<T> {
    private @Nullable Callable<T> result;

    void run(Callable<T> task) {
      try {
        T value = task.call();
        result = () -> value;
      } catch (Exception e) {
        result =
            () -> {
              throw e;
            };
      }
    }

    void failed(Throwable error) {
      result =
          () -> {
            if (error instanceof UncheckedIOException io) {
              throw io.getCause();
            }
            throw new IllegalStateException(error);
          };
    }

    T get() throws Exception {
      if (result == null) {
        throw new IllegalStateException("the thread ended without a result");
      }
      return result.call();
    }
  }
}
