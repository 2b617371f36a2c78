package io.meshd.testcluster;

import io.meshd.cli.Meshctl;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * meshctl as its launcher would run it, on the node's own socket, in this JVM: a process of its own
 * costs half a second, and the tests type many lines. What is about the process itself (a terminal,
 * signals, the launcher) goes through {@link Cluster#run}.
 */
final class NodeMeshctl {
  private final String socket;

  /**
   * @param holder the file with the pid of the node's process 1
   */
  NodeMeshctl(Path holder) {
    try {
      String pid = Files.readString(holder).replaceFirst("(?s) .*", "");
      socket = "unix:///proc/" + pid + "/root/run/meshd/meshd.sock";
    } catch (IOException e) {
      throw new UncheckedIOException("the node is not up", e);
    }
  }

  CommandResult run(int seconds, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    CompletableFuture<Integer> exitCode = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("meshctl")
        .start(
            () -> {
              try {
                exitCode.complete(
                    new Meshctl(
                            InputStream.nullInputStream(), print(out), print(err), false, socket)
                        .run(List.of(args)));
              } catch (Throwable e) {
                exitCode.completeExceptionally(e);
              }
            });
    String line = "meshctl " + String.join(" ", args);
    try {
      return new CommandResult(
          line, exitCode.orTimeout(seconds, TimeUnit.SECONDS).join(), text(out), text(err));
    } catch (java.util.concurrent.CompletionException e) {
      String end = e.getCause() instanceof TimeoutException ? " did not end; " : " broke; ";
      throw new AssertionError(line + end + text(out) + "\n" + text(err), e.getCause());
    }
  }

  private static PrintStream print(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8).lines().collect(Collectors.joining("\n"));
  }
}
