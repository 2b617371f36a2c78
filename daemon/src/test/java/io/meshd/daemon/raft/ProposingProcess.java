package io.meshd.daemon.raft;

import io.meshd.daemon.disk.DataKeys;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;

/**
 * A process that proposes {@code run:0}, {@code run:1}, ... and writes the number of each one on a
 * line once it is acknowledged. Arguments: directory, run, count, proposals under way at once.
 */
final class ProposingProcess {
  /** The same in every process. */
  static final DataKeys KEYS = DataKeys.of(new byte[32]);

  private ProposingProcess() {}

  public static void main(String[] args) throws Exception {
    OutputStream out = new FileOutputStream(FileDescriptor.out);
    int count = Integer.parseInt(args[2]);
    Semaphore window = new Semaphore(Integer.parseInt(args[3]));
    long begin = System.nanoTime();
    try (AtomixLog log =
        AtomixLog.open(
            AtomixLog.Settings.of(Path.of(args[0]), KEYS),
            new InProcessTransport("n1"),
            new ListMachine())) {
      line(out, "ready " + (System.nanoTime() - begin) / 1_000_000 + " ms");
      for (int i = 0; i < count; i++) {
        int number = i;
        window.acquire();
        var _ =
            log.propose((args[1] + ":" + i).getBytes(StandardCharsets.UTF_8))
                .whenComplete(
                    (answer, error) -> {
                      line(out, error == null ? Integer.toString(number) : "failed " + error);
                      window.release();
                    });
      }
      window.acquire(Integer.parseInt(args[3]));
    }
  }

  private static void line(OutputStream out, String text) {
    try {
      out.write((text + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      Runtime.getRuntime().halt(2);
    }
  }

  /** The command line of this program on the JVM and class path of the caller. */
  static List<String> command(Path directory, String run, int count, int window) {
    return java(
        ProposingProcess.class,
        directory.toString(),
        run,
        Integer.toString(count),
        Integer.toString(window));
  }

  static List<String> java(Class<?> program, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.add("-Xmx128m");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(program.getName());
    command.addAll(List.of(arguments));
    return command;
  }
}
