package io.meshd.gossip.transport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A stock serf agent (Debian package serf) on an address of its own. */
final class SerfAgent implements AutoCloseable {
  private static final int RPC_PORT = 7373;

  final String name;
  final String ip;
  private final Path log;
  private final Path config;
  private final Process process;

  /**
   * Starts one.
   *
   * @param key base64, empty for none
   */
  SerfAgent(String name, String ip, String key, boolean compression, String... join)
      throws IOException {
    this.name = name;
    this.ip = ip;
    log = Files.createTempFile("serf-", ".log");
    config = Files.createTempFile("serf-", ".json");
    Files.writeString(config, "{\"enable_compression\": " + compression + "}");
    List<String> command =
        new ArrayList<>(
            List.of(
                "serf",
                "agent",
                "-node=" + name,
                "-bind=" + ip + ":7946",
                "-rpc-addr=" + rpc(),
                "-config-file=" + config,
                "-log-level=debug"));
    if (!key.isEmpty()) {
      command.add("-encrypt=" + key);
    }
    for (String other : join) {
      command.add("-join=" + other);
    }
    process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
  }

  private String rpc() {
    return ip + ":" + RPC_PORT;
  }

  /** What it prints of itself and others, a line each: name, address, status, tags. */
  String members() {
    return command("members");
  }

  /** Whether it lists the member with this status. */
  boolean lists(String member, String status) {
    return members()
        .lines()
        .map(line -> line.trim().split("\\s+", -1))
        .anyMatch(word -> word.length > 2 && word[0].equals(member) && word[2].equals(status));
  }

  String command(String verb, String... arguments) {
    List<String> command = new ArrayList<>(List.of("serf", verb, "-rpc-addr=" + rpc()));
    command.addAll(List.of(arguments));
    try {
      Process run = new ProcessBuilder(command).redirectErrorStream(true).start();
      String out = new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      run.waitFor(10, TimeUnit.SECONDS);
      return out;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Sends a signal by its name. */
  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }

  String log() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(5, TimeUnit.SECONDS);
      Files.deleteIfExists(log);
      Files.deleteIfExists(config);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
