package io.meshd.daemon.ingress;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.meshd.dataplane.sys.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** A loop's pipes for splice(2), kept for the next bulk stream when one is over. */
final class Pipes {
  /** What a stream has on its way at most; where the kernel does not grant it, 64 KiB. */
  static final int SIZE = 256 * 1024;

  /** Of a loop. Further bulk streams are copied. */
  private static final int MOST = 256;

  private static final int MOST_IDLE = 16;

  record Pipe(int out, int in) {}

  private final Deque<Pipe> idle = new ArrayDeque<>();
  private final MemorySegment ends = Arena.ofAuto().allocate(8, 4);
  private int made;

  /** An empty pipe, or null when there is none to be had. */
  @Nullable Pipe take() {
    Pipe pipe = idle.poll();
    if (pipe != null || made == MOST) {
      return pipe;
    }
    if (Libc.pipe2(ends.address(), Libc.O_NONBLOCK | Libc.O_CLOEXEC) < 0) {
      return null;
    }
    made++;
    pipe = new Pipe(ends.get(JAVA_INT, 0), ends.get(JAVA_INT, 4));
    Libc.fcntl(pipe.in(), Libc.F_SETPIPE_SZ, SIZE);
    return pipe;
  }

  /**
   * @param empty one that is not is of no use to others
   */
  void giveBack(Pipe pipe, boolean empty) {
    if (empty && idle.size() < MOST_IDLE) {
      idle.push(pipe);
    } else {
      close(pipe);
    }
  }

  void close() {
    idle.forEach(this::close);
    idle.clear();
  }

  private void close(Pipe pipe) {
    made--;
    Libc.close(pipe.out());
    Libc.close(pipe.in());
  }
}
