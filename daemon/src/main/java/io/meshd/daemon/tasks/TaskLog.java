package io.meshd.daemon.tasks;

import io.meshd.daemon.disk.DurableFiles;
import io.meshd.daemon.linux.ToolRun;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * One stream of a task's output. The task appends to the file itself, so that nothing is lost while
 * no daemon runs, and so nothing can be renamed away from it. What is too old is cut out at the
 * front instead: the file keeps its offsets and loses its blocks (fallocate(2), PUNCH_HOLE), and a
 * small file beside it tells where the output now begins.
 */
final class TaskLog {
  /** A stream may grow to twice this before it is cut back to this. */
  static final long KEPT_BYTES = 10L << 20;

  private static final int LONGEST_LINE = 1 << 20;
  private static final int BLOCK = 64 << 10;

  private final Path file;
  private final Path startFile;
  private final long kept;

  TaskLog(Path file) {
    this(file, KEPT_BYTES);
  }

  TaskLog(Path file, long kept) {
    this.file = file;
    this.startFile = file.resolveSibling(file.getFileName() + ".start");
    this.kept = kept;
  }

  /** Offset of the first byte that is still there. */
  long start() throws IOException {
    try {
      return Long.parseLong(Files.readString(startFile).strip());
    } catch (NoSuchFileException e) {
      return 0;
    }
  }

  /** Cuts the front off when there is too much; what is written meanwhile is kept. */
  void trim() throws IOException {
    long size = Files.exists(file) ? Files.size(file) : 0;
    if (size - start() <= 2 * kept) {
      return;
    }
    long cut = lineStartAfter(size - kept);
    DurableFiles.write(startFile, Long.toString(cut).getBytes(StandardCharsets.US_ASCII));
    ToolRun run =
        ToolRun.run(
            List.of(
                ToolRun.find("fallocate"),
                "--punch-hole",
                "--offset",
                "0",
                "--length",
                Long.toString(cut),
                file.toString()),
            "");
    if (run.exit() != 0) {
      throw new IOException("the log " + file + " cannot be cut: " + run.err().strip());
    }
  }

  /** Reads whole lines, from where it stands to the end of what is written. */
  final class Reader implements AutoCloseable {
    private final RandomAccessFile in;
    private final boolean stderr;
    private final byte[] block = new byte[BLOCK];
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private long offset;

    /** {@code tail}: last lines to begin with, negative for all. */
    Reader(boolean stderr, int tail) throws IOException {
      this.in = new RandomAccessFile(file.toFile(), "r");
      this.stderr = stderr;
      try {
        this.offset = tail < 0 ? start() : lastLines(in, start(), tail);
      } catch (IOException e) {
        in.close();
        throw e;
      }
    }

    /** Hands over what came since; {@code end}: also a last line that has no end. */
    boolean drain(TaskLogs.LogSink sink, boolean end) throws IOException {
      boolean any = false;
      long start = start();
      if (offset < start) {
        offset = start;
        line.reset();
      }
      in.seek(offset);
      for (int count = in.read(block); count > 0; count = in.read(block)) {
        offset += count;
        any = true;
        take(sink, count);
      }
      if (end && line.size() > 0) {
        flush(sink);
      }
      return any;
    }

    private void take(TaskLogs.LogSink sink, int count) throws IOException {
      int from = 0;
      for (int i = 0; i < count; i++) {
        if (block[i] == '\n') {
          line.write(block, from, i - from);
          flush(sink);
          from = i + 1;
        }
      }
      line.write(block, from, count - from);
      if (line.size() >= LONGEST_LINE) {
        flush(sink);
      }
    }

    private void flush(TaskLogs.LogSink sink) throws IOException {
      sink.line(stderr, line.toByteArray());
      line.reset();
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }

  private long lineStartAfter(long offset) throws IOException {
    try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
      byte[] block = new byte[BLOCK];
      in.seek(offset);
      int count = in.read(block);
      for (int i = 0; i < count; i++) {
        if (block[i] == '\n') {
          return offset + i + 1;
        }
      }
      return offset;
    }
  }

  /** Where the last {@code count} lines begin, read backwards. */
  private static long lastLines(RandomAccessFile in, long start, int count) throws IOException {
    byte[] block = new byte[BLOCK];
    long end = in.length();
    if (count == 0) {
      return end;
    }
    int seen = 0;
    long to = end;
    while (to > start) {
      long from = Math.max(start, to - BLOCK);
      in.seek(from);
      in.readFully(block, 0, (int) (to - from));
      for (long at = to - 1; at >= from; at--) {
        // The end of the very last line begins no other.
        if (block[(int) (at - from)] == '\n' && at != end - 1 && ++seen == count) {
          return at + 1;
        }
      }
      to = from;
    }
    return start;
  }
}
