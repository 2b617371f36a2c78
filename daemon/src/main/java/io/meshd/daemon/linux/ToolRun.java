package io.meshd.daemon.linux;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One run of a program of the base system, with its input given and its output collected.
 *
 * @param exit exit code, 128 + signal when it was killed
 */
public record ToolRun(int exit, String out, String err) {
  private static final List<String> DIRECTORIES =
      List.of("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin");
  private static final long TIMEOUT_SECONDS = 30;

  /**
   * The absolute path of a program, independent of anybody's PATH.
   *
   * @throws IOException in words when it is not installed
   */
  public static String find(String program) throws IOException {
    for (String directory : DIRECTORIES) {
      Path path = Path.of(directory, program);
      if (Files.isExecutable(path)) {
        return path.toString();
      }
    }
    throw new IOException("the program " + program + " is not installed");
  }

  /** True when the program is installed. */
  public static boolean installed(String program) {
    return DIRECTORIES.stream().anyMatch(d -> Files.isExecutable(Path.of(d, program)));
  }

  /**
   * Runs it to its end; a non-zero exit is an answer, not an exception.
   *
   * @param input fed to its standard input
   * @throws IOException when it cannot be started, or does not end within 30 s and is killed
   */
  public static ToolRun run(List<String> command, String input) throws IOException {
    Process process = new ProcessBuilder(command).start();
    try {
      FutureTask<byte[]> out = reader(process.getInputStream());
      FutureTask<byte[]> err = reader(process.getErrorStream());
      try (var stdin = process.getOutputStream()) {
        stdin.write(input.getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        // It ended without reading everything; its own words say why.
      }
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException(command.getFirst() + " did not end within " + TIMEOUT_SECONDS + " s");
      }
      return new ToolRun(
          process.exitValue(),
          new String(out.get(TIMEOUT_SECONDS, TimeUnit.SECONDS), StandardCharsets.UTF_8),
          new String(err.get(TIMEOUT_SECONDS, TimeUnit.SECONDS), StandardCharsets.UTF_8));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while " + command.getFirst() + " ran", e);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException("the output of " + command.getFirst() + " could not be read", e);
    } finally {
      process.destroyForcibly();
    }
  }

  private static FutureTask<byte[]> reader(InputStream stream) {
    FutureTask<byte[]> task = new FutureTask<>(stream::readAllBytes);
    Thread.ofVirtual().start(task);
    return task;
  }
}
