package io.meshd.daemon.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
final class DurabilityTest {
  @TempDir Path directory;

  @Test
  void everyAcknowledgementIsBehindAnFsync() throws Exception {
    Path strace = Path.of("/usr/bin/strace");
    assertTrue(Files.isExecutable(strace), "strace is missing: test-cluster/verify installs it");
    int proposals = 100;
    Path trace = directory.resolve("trace");
    List<String> command = new ArrayList<>();
    command.add(strace.toString());
    command.addAll(List.of("-f", "-e", "trace=fsync,fdatasync,msync", "-o", trace.toString()));
    command.addAll(ProposingProcess.command(directory.resolve("log"), "r", proposals, 1));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      List<Integer> acknowledged = acknowledged(process, Long.MAX_VALUE);
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertEquals(IntStream.range(0, proposals).boxed().toList(), acknowledged);
    } finally {
      process.destroyForcibly();
    }
    try (Stream<String> lines = Files.lines(trace)) {
      long syncs = lines.filter(line -> line.contains("sync(")).count();
      assertTrue(syncs >= proposals, syncs + " syncs for " + proposals + " proposals");
    }
  }

  /** A leader's and at least one follower's: a majority of three. */
  @Test
  void followersSyncBeforeTheyAcknowledge() throws Exception {
    int proposals = 60;
    Path trace = directory.resolve("trace");
    Path logs = directory.resolve("managers");
    List<String> command = new ArrayList<>();
    command.addAll(List.of("/usr/bin/strace", "-f", "-y", "-e", "trace=fsync,fdatasync"));
    command.addAll(List.of("-o", trace.toString()));
    command.addAll(
        ProposingProcess.java(
            ProposingManagers.class, logs.toString(), Integer.toString(proposals)));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertTrue(said.contains("done"), said);
    } finally {
      process.destroyForcibly();
    }
    List<String> lines = Files.readAllLines(trace);
    long leader = lines.stream().filter(line -> line.contains("/n1/meshd-")).count();
    long followers =
        lines.stream()
            .filter(line -> line.contains("/n2/meshd-") || line.contains("/n3/meshd-"))
            .filter(line -> line.contains(".log"))
            .count();
    assertTrue(leader >= proposals, leader + " syncs of the leader");
    assertTrue(followers >= proposals, followers + " syncs of followers");
  }

  @Test
  void kill9LosesAndRepeatsNothingThatWasAcknowledged() throws Exception {
    long seed = Long.getLong("meshd.seed", System.nanoTime());
    Random random = new Random(seed);
    Map<String, List<Integer>> acknowledged = new HashMap<>();
    for (int run = 0; run < 10; run++) {
      String name = "run" + run;
      Process process =
          new ProcessBuilder(ProposingProcess.command(directory, name, 1_000_000, 16))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try {
        acknowledged.put(name, acknowledged(process, random.nextLong(5, 800)));
      } finally {
        process.destroyForcibly().waitFor();
      }
    }
    ListMachine machine = new ListMachine();
    AtomixLog.open(
            AtomixLog.Settings.of(directory, ProposingProcess.KEYS),
            new InProcessTransport("n1"),
            machine)
        .close();
    Map<String, List<Integer>> applied = new HashMap<>();
    for (String entry : machine.entries()) {
      int colon = entry.indexOf(':');
      applied
          .computeIfAbsent(entry.substring(0, colon), name -> new ArrayList<>())
          .add(Integer.parseInt(entry.substring(colon + 1)));
    }
    acknowledged.forEach(
        (run, numbers) -> {
          List<Integer> there = applied.getOrDefault(run, List.of());
          String what = "seed " + seed + ", " + run;
          // What was under way at the kill may be there too, but only in order and once.
          assertEquals(IntStream.range(0, there.size()).boxed().toList(), there, what);
          assertTrue(there.size() >= numbers.size(), what);
          assertEquals(there.subList(0, numbers.size()), numbers, what);
        });
  }

  /** Reads acknowledgements; kills the process some ms after it is ready. */
  private static List<Integer> acknowledged(Process process, long killAfterMillis)
      throws IOException {
    List<Integer> numbers = new ArrayList<>();
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.startsWith("ready") && killAfterMillis < Long.MAX_VALUE) {
          CompletableFuture.delayedExecutor(killAfterMillis, TimeUnit.MILLISECONDS)
              .execute(() -> process.toHandle().destroyForcibly());
        } else if (line.matches("[0-9]+")) {
          numbers.add(Integer.parseInt(line));
        } else if (line.startsWith("failed")) {
          throw new IOException(line);
        }
      }
    }
    return numbers;
  }
}
