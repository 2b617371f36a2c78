package io.meshd.dataplane;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Network namespaces of one test, named by this process so that runs do not meet, and the commands
 * run in them. Closing ends the processes in them and removes them, also after a failure.
 */
public final class TestNamespaces implements AutoCloseable {
  private static final String PREFIX = "mt" + Long.toHexString(ProcessHandle.current().pid());

  private final List<String> names = new ArrayList<>();

  /** Makes a namespace with its loopback up; returns its full name. */
  public String add(String name) {
    String full = PREFIX + name;
    run("ip", "netns", "add", full);
    names.add(full);
    run("ip", "-n", full, "link", "set", "lo", "up");
    return full;
  }

  public static Path path(String namespace) {
    return Path.of("/run/netns", namespace);
  }

  /** Ends what runs in one namespace and removes it. */
  public void delete(String namespace) {
    names.remove(namespace);
    for (String pid : run("ip", "netns", "pids", namespace).lines().toList()) {
      long number = Long.parseLong(pid.strip());
      if (number != ProcessHandle.current().pid()) {
        ProcessHandle.of(number).ifPresent(ProcessHandle::destroyForcibly);
      }
    }
    run("ip", "netns", "del", namespace);
  }

  /** Runs a command in a namespace, at most a minute; its output, or an error that quotes it. */
  public static String in(String namespace, String... command) {
    return run(inside(namespace, command));
  }

  /** Starts a command in a namespace and leaves it running; its output goes to {@code output}. */
  public static Process start(String namespace, Path output, String... command) {
    try {
      return new ProcessBuilder(inside(namespace, command))
          .redirectErrorStream(true)
          .redirectOutput(output.toFile())
          .start();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  public static String run(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      Thread guard =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      if (!process.waitFor(60, TimeUnit.SECONDS)) {
                        process.destroyForcibly();
                      }
                    } catch (InterruptedException e) {
                      Thread.currentThread().interrupt();
                    }
                  });
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int status = process.waitFor();
      guard.join();
      if (status != 0) {
        throw new AssertionError(String.join(" ", command) + ": " + status + "\n" + output);
      }
      return output;
    } catch (IOException e) {
      throw new AssertionError(
          command[0] + " is needed by this test (test-cluster/verify installs it)", e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    for (String name : List.copyOf(names)) {
      delete(name);
    }
  }

  private static String[] inside(String namespace, String... command) {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    all.addAll(List.of(command));
    return all.toArray(String[]::new);
  }
}
