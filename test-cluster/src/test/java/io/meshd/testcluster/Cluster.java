package io.meshd.testcluster;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A cluster made by {@code test-cluster/up}, under a name of its own, and taken down again when the
 * test is over or the JVM ends, or one that several classes share. Nodes are n1 (the manager) to
 * nN; {@code client} is outside.
 */
final class Cluster implements AutoCloseable {
  /** Longest that any one command may take. */
  private static final int COMMAND_SECONDS = 120;

  private static final Path FOLDER = Path.of("").toAbsolutePath();

  private final String name;

  /** Under which the logs are kept. */
  private final String test;

  /** What becomes of it when the test is over. */
  private final Runnable end;

  private final Map<Path, Long> logsBefore;

  private Cluster(String name, String test, Runnable end, Map<Path, Long> logsBefore) {
    this.name = name;
    this.test = test;
    this.end = end;
    this.logsBefore = logsBefore;
  }

  /** Three nodes, initialised and joined. */
  static Cluster up(Class<?> test, String... options) {
    SharedCluster.end();
    return up(test.getSimpleName(), options);
  }

  static Cluster up(String test, String... options) {
    Cluster cluster = own(test);
    try {
      cluster.script("up", options).orFail();
      return cluster;
    } catch (Throwable e) {
      cluster.close();
      throw e;
    }
  }

  private static Cluster own(String test) {
    String name = "t" + ProcessHandle.current().pid() + "-" + test;
    Thread onExit = new Thread(() -> scriptOn(name, "down").orFail());
    Runtime.getRuntime().addShutdownHook(onExit);
    Runnable end =
        () -> {
          scriptOn(name, "down").orFail();
          Runtime.getRuntime().removeShutdownHook(onExit);
        };
    return new Cluster(name, test, end, Map.of());
  }

  /** The one that classes like this share; nobody else has it until it is closed. */
  static Cluster shared(Class<?> test) {
    return SharedCluster.lend(test);
  }

  /**
   * The same cluster for another class, which closes it without taking it down; the logs that are
   * kept for it begin now.
   */
  Cluster lent(Class<?> to, Runnable giveBack) {
    Map<Path, Long> sizes = new HashMap<>();
    logs().forEach(log -> sizes.put(log, log.toFile().length()));
    return new Cluster(name, to.getSimpleName(), giveBack, sizes);
  }

  /** The underlay address of n1, n2, ... */
  static String address(String node) {
    return "10.99.0." + node.substring(1);
  }

  /** The outside world as tasks see it; the client namespace answers there. */
  static String outside() {
    return "192.0.2.1";
  }

  static Path folder() {
    return FOLDER;
  }

  /** A command of the tasks in these tests: an HTTP server whose page says who answered. */
  static String pageServer() {
    return FOLDER.resolve("lib/page-server").toString();
  }

  /** The same with nginx, for real servers' manners. */
  static String nginx() {
    return FOLDER.resolve("lib/nginx-server").toString();
  }

  CommandResult meshctl(String node, String... args) {
    return new NodeMeshctl(state().resolve(node).resolve("holder")).run(COMMAND_SECONDS, args);
  }

  /** The output of a meshctl command that must work on the manager. */
  String meshctl(List<String> args) {
    return meshctl("n1", args.toArray(String[]::new)).orFail();
  }

  /** A file of a node as the host reaches it; for files on the node's own mounts. */
  Path inside(String node, String file) {
    try {
      String pid = Files.readString(state().resolve(node).resolve("holder")).split(" ", 2)[0];
      return Path.of("/proc/" + pid + "/root" + file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  CommandResult run(String node, String... command) {
    return script("exec", prepend(node, command));
  }

  /** The stock command line against the node's own Docker Engine, and not by way of meshd. */
  CommandResult engine(String node, String... args) {
    List<String> line = new ArrayList<>(List.of("docker", "-H", "unix:///run/docker.sock"));
    line.addAll(List.of(args));
    return run(node, line.toArray(String[]::new));
  }

  String sh(String node, String script) {
    return run(node, "sh", "-c", script).orFail();
  }

  /** Runs until the test destroys it; its output goes to {@code output}. */
  Process background(Path output, String node, String... command) {
    return typed(output, "exec", prepend(node, command));
  }

  /** A script of this module on this cluster, which runs as {@link #background} does. */
  Process typed(Path output, String script, String... args) {
    List<String> line = commandLine(script, args);
    try {
      return builder(name, line).redirectErrorStream(true).redirectOutput(output.toFile()).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void kill(String node) {
    script("kill", node).orFail();
  }

  void start(String node) {
    script("start", node).orFail();
  }

  void stop(String node) {
    script("stop", node).orFail();
  }

  void cutPower(String node) {
    script("stop", "--power", node).orFail();
  }

  /**
   * What the page server answers on a port of a node, asked from outside; empty when it does not.
   */
  String page(String node, int port) {
    CommandResult result =
        run("client", "curl", "-fs", "-m", "3", "http://" + address(node) + ":" + port + "/");
    return result.ok() ? result.out() : "";
  }

  /** A script of this module, on this cluster. */
  CommandResult script(String script, String... args) {
    return scriptOn(name, script, args);
  }

  private static CommandResult scriptOn(String cluster, String script, String... args) {
    List<String> line = commandLine(script, args);
    try {
      Process process = builder(cluster, line).start();
      process.getOutputStream().close();
      CompletableFuture<String> out = read(process.inputReader(StandardCharsets.UTF_8)::lines);
      CompletableFuture<String> err = read(process.errorReader(StandardCharsets.UTF_8)::lines);
      if (!process.waitFor(COMMAND_SECONDS, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        throw new AssertionError(line + " did not end; " + out.join() + "\n" + err.join());
      }
      return new CommandResult(String.join(" ", line), process.exitValue(), out.join(), err.join());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted in " + line, e);
    }
  }

  @Override
  public void close() {
    keepLogs();
    end.run();
  }

  Path state() {
    return FOLDER.resolve(".run").resolve(name);
  }

  private List<Path> logs() {
    if (!Files.isDirectory(state())) {
      return List.of();
    }
    try (Stream<Path> nodes = Files.list(state())) {
      return nodes.map(node -> node.resolve("meshd.log")).filter(Files::exists).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The logs of the nodes stay in target/logs for whoever looks into a failure. */
  private void keepLogs() {
    Path folder = FOLDER.resolve("target/logs").resolve(test);
    try {
      Files.createDirectories(folder);
      for (Path log : logs()) {
        Path kept = folder.resolve(state().relativize(log).getName(0) + ".log");
        try (InputStream in = Files.newInputStream(log)) {
          in.skipNBytes(Math.min(logsBefore.getOrDefault(log, 0L), Files.size(log)));
          Files.copy(in, kept, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ProcessBuilder builder(String cluster, List<String> line) {
    ProcessBuilder builder = new ProcessBuilder(line);
    builder.environment().put("MESHD_CLUSTER", cluster);
    builder.environment().put("MESHD_BUILT", "1");
    // These daemons live for a minute: the second compiler would only take their processors.
    builder.environment().putIfAbsent("MESHD_OPTS", "-XX:TieredStopAtLevel=1");
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    return builder;
  }

  private static List<String> commandLine(String script, String... args) {
    List<String> line = new ArrayList<>();
    line.add(FOLDER.resolve(script).toString());
    line.addAll(List.of(args));
    return line;
  }

  private static String[] prepend(String first, String... rest) {
    return Stream.concat(Stream.of(first), Stream.of(rest)).toArray(String[]::new);
  }

  private static CompletableFuture<String> read(java.util.function.Supplier<Stream<String>> lines) {
    return CompletableFuture.supplyAsync(
        () -> String.join("\n", lines.get().toList()), task -> Thread.ofVirtual().start(task));
  }
}
