package io.meshd.daemon.containers;

import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.engine.EngineAnswer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.tasks.TaskLogs;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/**
 * What a container has said, as the Engine keeps it, line by line. The Engine's stream (Docker
 * Engine API, "ContainerAttach", stream format) is frames of a header and as much output as there
 * was at the time: a stream number, three zeros, the length in 32 bits big-endian. With a terminal
 * it is the output alone.
 */
final class ContainerLog {
  private static final int HEADER = 8;
  private static final int STDERR = 2;
  private static final int MAX_FRAME = 64 << 20;

  /** Longer ones are told in pieces. */
  private static final int MAX_LINE = 1 << 20;

  private final Engine engine;
  private final String id;
  private final boolean tty;

  ContainerLog(Engine engine, String id, boolean tty) {
    this.engine = engine;
    this.id = id;
    this.tty = tty;
  }

  /** Lines of one stream. */
  private static final class Lines {
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final boolean stderr;
    private final TaskLogs.LogSink sink;

    Lines(boolean stderr, TaskLogs.LogSink sink) {
      this.stderr = stderr;
      this.sink = sink;
    }

    void add(byte[] bytes, int length) throws IOException {
      for (int i = 0; i < length; i++) {
        if (bytes[i] == '\n' || line.size() >= MAX_LINE) {
          tell();
        }
        if (bytes[i] != '\n') {
          line.write(bytes[i]);
        }
      }
    }

    private void tell() throws IOException {
      sink.line(stderr, line.toByteArray());
      line.reset();
    }

    void end() throws IOException {
      if (line.size() > 0) {
        tell();
      }
    }
  }

  /** As {@link TaskLogs#logs}. */
  void read(int tail, boolean follow, TaskLogs.LogSink sink) throws IOException {
    String query =
        "/containers/%s/logs?stdout=1&stderr=1&follow=%s&tail=%s"
            .formatted(id, follow, tail < 0 ? "all" : Integer.toString(tail));
    try (EngineAnswer answer = engine.stream(query)) {
      if (!answer.ok()) {
        var _ = answer.json();
      }
      Lines out = new Lines(false, sink);
      Lines err = new Lines(true, sink);
      if (tty) {
        plain(answer.body(), out);
      } else {
        frames(answer.body(), out, err);
      }
      out.end();
      err.end();
    } catch (ApiException e) {
      throw new RefusedException(e.status(), e.text());
    }
  }

  private static void plain(InputStream in, Lines out) throws IOException {
    byte[] chunk = new byte[8192];
    for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
      out.add(chunk, count);
    }
  }

  private static void frames(InputStream in, Lines out, Lines err) throws IOException {
    for (byte[] header = in.readNBytes(HEADER);
        header.length == HEADER;
        header = in.readNBytes(HEADER)) {
      int length = ByteBuffer.wrap(header).getInt(4);
      if (length < 0 || length > MAX_FRAME) {
        throw new IOException("the Docker Engine's answer is no log");
      }
      byte[] payload = in.readNBytes(length);
      (header[0] == STDERR ? err : out).add(payload, payload.length);
    }
  }
}
