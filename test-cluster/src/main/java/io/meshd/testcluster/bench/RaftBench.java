package io.meshd.testcluster.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.api.Json;
import io.meshd.api.http.UnixHttp;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Acknowledged writes of managers, and of etcd beside them. Inside a node:
 *
 * <pre>
 * writes meshd /run/meshd/meshd.sock CLIENTS SECONDS
 * writes etcd http://ADDRESS:2379 CLIENTS SECONDS
 * </pre>
 *
 * each client changes an object of its own, again and again: a service's label by its version (so
 * that a read goes before each write; only the write is timed), or a key. Outside:
 *
 * <pre>
 * failover RUN-FOLDER SCRIPTS-FOLDER KILLS
 * </pre>
 *
 * kills the leading meshd so many times, and takes the time until another manager acknowledges.
 */
public final class RaftBench {
  private static final int PATIENCE_SECONDS = 30;

  /** Not counted: both ends compile what they run often. */
  private static final int WARM_UP_SECONDS = 3;

  private RaftBench() {}

  public static void main(String[] args) throws Exception {
    switch (args[0]) {
      case "writes" ->
          writes(
              args[1].equals("etcd")
                  ? new Etcd(args[2])
                  : new Meshd(new UnixHttp(Path.of(args[2]), "bench")),
              Integer.parseInt(args[3]),
              Integer.parseInt(args[4]));
      case "failover" ->
          new Failover(Path.of(args[1]), Path.of(args[2])).run(Integer.parseInt(args[3]));
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  /** Somewhere to write. */
  private interface Store {
    void make(String name) throws IOException, InterruptedException;

    /** What goes before each write. */
    Object prepare(String name, int number) throws IOException, InterruptedException;

    /** Returns once it is acknowledged. */
    void write(Object prepared) throws IOException, InterruptedException;
  }

  private static void writes(Store store, int clients, int seconds) throws Exception {
    List<FutureTask<List<Long>>> all = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      String name = "bench-" + i;
      store.make(name);
      all.add(new FutureTask<>(() -> writing(store, name, seconds)));
    }
    all.forEach(task -> Thread.ofVirtual().start(task));
    List<Long> times = new ArrayList<>();
    for (FutureTask<List<Long>> task : all) {
      times.addAll(task.get());
    }
    System.out.printf("%.0f %s%n", times.size() / (double) seconds, percentiles(times, 50, 99));
  }

  private static List<Long> writing(Store store, String name, int seconds) throws Exception {
    List<Long> times = new ArrayList<>();
    long counted = System.nanoTime() + TimeUnit.SECONDS.toNanos(WARM_UP_SECONDS);
    long until = counted + TimeUnit.SECONDS.toNanos(seconds);
    for (int number = 0; System.nanoTime() < until; number++) {
      Object prepared = store.prepare(name, number);
      long from = System.nanoTime();
      store.write(prepared);
      long now = System.nanoTime();
      if (from >= counted && now <= until) {
        times.add(now - from);
      }
    }
    return times;
  }

  /** In milliseconds. */
  private static String percentiles(List<Long> nanos, int... wanted) {
    long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
    StringBuilder line = new StringBuilder();
    for (int percent : wanted) {
      int at = Math.min(sorted.length - 1, sorted.length * percent / 100);
      line.append(String.format("%.1f ", sorted[at] / 1e6));
    }
    return line.toString().strip();
  }

  private record Meshd(UnixHttp http) implements Store {
    private record Change(String path, JsonNode spec) {}

    private JsonNode call(String method, String path, @Nullable Object body) throws IOException {
      try (UnixHttp.Answer answer =
          http.send(method, path, body == null ? null : Json.bytes(body), false)) {
        byte[] content = answer.body().readAllBytes();
        if (answer.status() >= 300) {
          throw new IOException(
              answer.status() + " " + new String(content, StandardCharsets.UTF_8).strip());
        }
        return content.length == 0 ? Json.MAPPER.nullNode() : Json.MAPPER.readTree(content);
      }
    }

    @Override
    public void make(String name) throws IOException {
      try {
        call("DELETE", "/services/" + name, null);
      } catch (IOException e) {
        // There was none.
      }
      call(
          "POST",
          "/services/create",
          Map.of(
              "Name",
              name,
              "Labels",
              Map.of("value", "0"),
              "TaskTemplate",
              Map.of("ContainerSpec", Map.of("Command", List.of("true")), "Runtime", "process"),
              "Mode",
              Map.of("Replicated", Map.of("Replicas", 0))));
    }

    @Override
    public Object prepare(String name, int number) throws IOException {
      JsonNode service = call("GET", "/services/" + name, null);
      ObjectNode spec = (ObjectNode) service.path("Spec");
      ((ObjectNode) spec.path("Labels")).put("value", "" + number);
      return new Change(
          "/services/" + name + "/update?version=" + service.path("Version").path("Index").asLong(),
          spec);
    }

    @Override
    public void write(Object prepared) throws IOException {
      Change change = (Change) prepared;
      call("POST", change.path, change.spec);
    }
  }

  private static final class Etcd implements Store {
    private final HttpClient client =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI put;

    Etcd(String url) {
      put = URI.create(url + "/v3/kv/put");
    }

    @Override
    public void make(String name) throws IOException, InterruptedException {
      write(prepare(name, 0));
    }

    /** As many bytes as a service's spec has. */
    @Override
    public Object prepare(String name, int number) {
      Base64.Encoder base64 = Base64.getEncoder();
      byte[] value = Arrays.copyOf(("" + number).getBytes(StandardCharsets.UTF_8), 400);
      return Json.bytes(
          Map.of(
              "key",
              base64.encodeToString(name.getBytes(StandardCharsets.UTF_8)),
              "value",
              base64.encodeToString(value)));
    }

    @Override
    public void write(Object prepared) throws IOException, InterruptedException {
      HttpResponse<String> answer =
          client.send(
              HttpRequest.newBuilder(put)
                  .timeout(Duration.ofSeconds(PATIENCE_SECONDS))
                  .POST(HttpRequest.BodyPublishers.ofByteArray((byte[]) prepared))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new IOException(answer.statusCode() + " " + answer.body());
      }
    }
  }

  /** Kills leaders. */
  private static final class Failover {
    private static final List<String> MANAGERS = List.of("n1", "n2", "n3");
    private final Path run;
    private final Path scripts;

    Failover(Path run, Path scripts) {
      this.run = run;
      this.scripts = scripts;
    }

    void run(int kills) throws Exception {
      List<Long> times = new ArrayList<>();
      store("n1").make("failover");
      for (int i = 0; i < kills; i++) {
        String leader = leader();
        List<String> others = MANAGERS.stream().filter(node -> !node.equals(leader)).toList();
        String pid = Files.readString(run.resolve(leader).resolve("meshd.pid")).split(" ", 2)[0];
        long from = System.nanoTime();
        call("kill", "-KILL", pid);
        times.add(written(others) - from);
        System.err.printf("%s killed: %d ms%n", leader, times.getLast() / 1_000_000);
        call(scripts.resolve("start").toString(), leader);
        awaitWhole();
      }
      System.out.println(percentiles(times, 50, 95, 100));
    }

    private Meshd store(String node) throws IOException {
      String pid = Files.readString(run.resolve(node).resolve("holder")).split(" ", 2)[0];
      return new Meshd(
          new UnixHttp(Path.of("/proc/" + pid + "/root/run/meshd/meshd.sock"), "bench"));
    }

    private String leader() throws Exception {
      long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      while (System.nanoTime() < until) {
        for (String node : MANAGERS) {
          try {
            for (JsonNode each : store(node).call("GET", "/nodes", null)) {
              if (each.path("ManagerStatus").path("Leader").asBoolean()) {
                return each.path("Description").path("Hostname").asText();
              }
            }
          } catch (IOException e) {
            // The next may know.
          }
        }
        Thread.sleep(20);
      }
      throw new IOException("nobody leads");
    }

    /** When the first of them had a write acknowledged. */
    private long written(List<String> nodes) throws Exception {
      ConcurrentLinkedQueue<Long> done = new ConcurrentLinkedQueue<>();
      long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      List<Thread> threads = new ArrayList<>();
      for (String node : nodes) {
        Meshd store = store(node);
        threads.add(
            Thread.ofVirtual()
                .start(
                    () -> {
                      while (done.isEmpty() && System.nanoTime() < until) {
                        try {
                          store.write(store.prepare("failover", (int) (until % 1_000_000_007)));
                          done.add(System.nanoTime());
                        } catch (IOException e) {
                          pause();
                        }
                      }
                    }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      Long first = done.stream().min(Long::compare).orElse(null);
      if (first == null) {
        throw new IOException("no write for " + PATIENCE_SECONDS + " s");
      }
      return first;
    }

    private static void pause() {
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    /** So that every kill finds three managers, all in step. */
    private void awaitWhole() throws Exception {
      long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      while (System.nanoTime() < until) {
        try {
          var states = new java.util.HashSet<String>();
          for (String node : MANAGERS) {
            states.add(store(node).call("GET", "/mesh/v1/state", null).toString());
          }
          if (states.size() == 1) {
            return;
          }
        } catch (IOException e) {
          // Not yet.
        }
        Thread.sleep(50);
      }
      throw new IOException("the managers are not in step");
    }

    private static void call(String... command) throws Exception {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IOException(String.join(" ", command) + " failed");
      }
    }
  }
}
