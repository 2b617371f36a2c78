package io.meshd.daemon.doctor;

import io.meshd.daemon.state.NodeRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/** Room where the state is kept, and how long a small write takes to be there to stay. */
final class DiskCheck implements Check {
  private static final int WRITES = 9;
  private static final int WRITE_BYTES = 4096;
  private static final long SLOW_MILLIS = 100;
  private static final long LOW_MEBIBYTES = 256;
  private static final long LIMIT_NANOS = 3_000_000_000L;

  @Override
  public String name() {
    return "disk";
  }

  @Override
  public void look(Subject subject, Notes notes) throws IOException {
    Path folder = subject.dataDir();
    long free = folder.toFile().getUsableSpace() >> 20;
    if (free < LOW_MEBIBYTES) {
      notes.warning(
          "%d MiB are left in %s".formatted(free, folder),
          "make room: without it nothing more can be changed in the swarm, and no log be kept");
    }
    double median = medianMillis(folder);
    NodeRecord self = subject.self();
    if (median > SLOW_MILLIS && self != null && self.manager()) {
      notes.warning(
          "fsync of 4 KiB in %s takes %.1f ms: every change of the swarm waits for that"
              .formatted(folder, median),
          "put %s on a faster disk, or one that is not shared".formatted(folder));
    }
    if (notes.isEmpty()) {
      notes.ok("fsync %.1f ms, %d MiB left in %s".formatted(median, free, folder));
    }
  }

  private static double medianMillis(Path folder) throws IOException {
    Path file = Files.createTempFile(folder, ".doctor", "");
    long[] nanos = new long[WRITES];
    int done = 0;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      long begin = System.nanoTime();
      while (done < WRITES && System.nanoTime() - begin < LIMIT_NANOS) {
        long start = System.nanoTime();
        channel.write(ByteBuffer.allocate(WRITE_BYTES), (long) done * WRITE_BYTES);
        channel.force(true);
        nanos[done++] = System.nanoTime() - start;
      }
    } finally {
      Files.deleteIfExists(file);
    }
    Arrays.sort(nanos, 0, done);
    return nanos[done / 2] / 1e6;
  }
}
