package io.meshd.daemon.ingress;

import io.meshd.dataplane.sys.Errno;
import io.meshd.dataplane.sys.Libc;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a connection: what is read from one side is written to the other, at the
 * receiver's pace.
 *
 * <p>Theory of operation. Bytes are read into the loop's own chunk and written from there. What the
 * receiver does not take stays in that chunk, which now is the flow's, and nothing is read until it
 * is gone; so a flow holds one chunk at most, and the sender meets a closed TCP window. A stream
 * that fills whole chunks is bulk, and goes from socket to socket through a pipe, without being
 * copied, until what comes becomes small again. The end of the stream is passed on behind its last
 * byte.
 *
 * <p>Readiness is known by edges: a side is readable until a read gave less than it could, and
 * writable until a write took less than it was given.
 */
final class Flow {
  /** Reads before other connections get their turn. */
  private static final int BUDGET = 16;

  /** Full chunks in a row that make a stream bulk. */
  private static final int BULK_CHUNKS = 2;

  /** Small portions in a row after which it is bulk no more. */
  private static final int SMALL_PORTIONS = 16;

  private static final int SMALL_PORTION = 8 * 1024;
  private static final int SPLICE = Libc.SPLICE_F_MOVE | Libc.SPLICE_F_NONBLOCK;

  private final Connection connection;
  private final ProxyLoop loop;
  private final LongAdder bytes;

  private long chunk = Chunks.NONE;
  private int heldFrom;
  private int heldTo;

  private Pipes.@Nullable Pipe pipe;
  private int piped;
  private int inRow;

  private boolean ended;
  private boolean endPassed;

  Flow(Connection connection, ProxyLoop loop, LongAdder bytes) {
    this.connection = connection;
    this.loop = loop;
    this.bytes = bytes;
  }

  boolean holds() {
    return heldTo > heldFrom || piped > 0;
  }

  /** The sender's end was passed on to the receiver. */
  boolean isOver() {
    return endPassed;
  }

  /** Carries what there is. Returns whether it stopped for others' sake only. */
  boolean pump(Side from, Side to) {
    for (int i = 0; i < BUDGET; i++) {
      if (connection.isOver() || endPassed || !delivered(to)) {
        return false;
      }
      if (ended) {
        endPassed = true;
        connection.ended(to);
        return false;
      }
      if (!from.readable) {
        return false;
      }
      if (pipe != null && inRow == SMALL_PORTIONS) {
        drop();
        inRow = 0;
      }
      if (pipe == null) {
        copy(from, to);
      } else {
        splice(pipe, from);
      }
    }
    return true;
  }

  /**
   * Reads what the client sent while nothing can be written yet.
   *
   * @param header bytes of its own that precede, already in the loop's chunk
   * @return 0, or {@code -errno} of a client that is gone
   */
  int readAhead(Side from, int header) {
    long n = Libc.recv(from.fd, loop.chunk() + header, Chunks.SIZE - header, 0);
    if (n == 0) {
      ended = true;
    } else if (n < 0 && n != -Errno.EAGAIN && n != -Errno.EINTR) {
      return (int) n;
    }
    int read = (int) Math.max(n, 0);
    from.readable = ended || read == Chunks.SIZE - header;
    bytes.add(read);
    if (header + read > 0) {
      hold(0, header + read);
    }
    return 0;
  }

  /** Writes what is held: 0 when something was taken, else {@code -errno}. */
  int first(Side to) {
    long n = send(to, chunk + heldFrom, heldTo - heldFrom, 0);
    if (n < 0) {
      return (int) n;
    }
    taken((int) n);
    return 0;
  }

  /** True when nothing is held any more. */
  private boolean delivered(Side to) {
    while (holds()) {
      if (to.dead || !to.writable) {
        return false;
      }
      long n =
          piped > 0 && pipe != null
              ? Libc.splice(pipe.out(), to.fd, piped, SPLICE)
              : send(to, chunk + heldFrom, heldTo - heldFrom, 0);
      if (n > 0) {
        taken((int) n);
      } else if (!full(to, n)) {
        return false;
      }
    }
    return !to.dead;
  }

  private void taken(int n) {
    if (piped > 0) {
      piped -= n;
      return;
    }
    heldFrom += n;
    if (heldFrom == heldTo) {
      loop.giveBack(chunk);
      chunk = Chunks.NONE;
      heldFrom = heldTo = 0;
    }
  }

  private void copy(Side from, Side to) {
    long n = Libc.recv(from.fd, loop.chunk(), Chunks.SIZE, 0);
    if (n <= 0) {
      nothingRead(from, n);
      return;
    }
    bytes.add(n);
    if (n < Chunks.SIZE) {
      from.readable = from.ending;
      inRow = 0;
    } else {
      inRow++;
    }
    // The end comes right behind, and goes into the last bytes' segment.
    boolean last = n < Chunks.SIZE && from.complete;
    long sent = send(to, loop.chunk(), n, last ? Libc.MSG_MORE : 0);
    if (sent < n) {
      if (sent >= 0 || full(to, sent)) {
        hold((int) Math.max(sent, 0), (int) n);
      }
    } else if (inRow >= BULK_CHUNKS) {
      pipe = loop.pipes().take();
      inRow = 0;
    }
  }

  private void splice(Pipes.Pipe through, Side from) {
    long n = Libc.splice(from.fd, through.in(), Pipes.SIZE, SPLICE);
    if (n <= 0) {
      nothingRead(from, n);
      return;
    }
    bytes.add(n);
    piped = (int) n;
    inRow = n < SMALL_PORTION ? inRow + 1 : 0;
  }

  private void nothingRead(Side from, long result) {
    if (result == -Errno.EAGAIN) {
      from.readable = false;
    } else if (result == 0 && !from.dead) {
      ended = true;
    } else if (result != -Errno.EINTR) {
      connection.lost(from);
    }
  }

  /** The rest of what is in the loop's chunk, which becomes this flow's. */
  private void hold(int from, int to) {
    long next = loop.chunks().take();
    if (next == Chunks.NONE) {
      connection.failed(IngressCounter.FAILED_MEMORY);
      return;
    }
    chunk = loop.exchange(next);
    heldFrom = from;
    heldTo = to;
  }

  private static long send(Side to, long address, long length, int flags) {
    if (to.delays) {
      if (to.written) {
        SocketTuning.noDelay(to.fd);
        to.delays = false;
      }
      to.written = true;
    }
    return Libc.send(to.fd, address, length, flags | Libc.MSG_NOSIGNAL);
  }

  /** After a write that took nothing: whether the receiver is alive. */
  private boolean full(Side to, long result) {
    if (result == -Errno.EAGAIN) {
      to.writable = false;
      connection.awaitRoom(to);
    } else if (result != -Errno.EINTR) {
      to.dead = true;
      connection.unwritable(to);
    }
    return !to.dead;
  }

  /** Lets go of what is held. */
  void drop() {
    if (chunk != Chunks.NONE) {
      loop.giveBack(chunk);
      chunk = Chunks.NONE;
      heldFrom = heldTo = 0;
    }
    if (pipe != null) {
      loop.pipes().giveBack(pipe, piped == 0);
      pipe = null;
      piped = 0;
    }
  }
}
