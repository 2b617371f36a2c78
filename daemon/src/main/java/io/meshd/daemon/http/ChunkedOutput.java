package io.meshd.daemon.http;

import io.netty.handler.codec.http.DefaultHttpContent;
import java.io.IOException;
import java.io.OutputStream;

/** The body of a streamed answer: one chunk per write, flushed at once. */
final class ChunkedOutput extends OutputStream {

  private final WriteGate gate;
  private final Runnable onClose;
  private volatile boolean closed;
  private volatile boolean gone;

  /** {@code onClose}: sends the last chunk. */
  ChunkedOutput(WriteGate gate, Runnable onClose) {
    this.gate = gate;
    this.onClose = onClose;
  }

  /** The peer reads no more. */
  void gone() {
    gone = true;
    gate.signal();
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    if (closed) {
      throw new IOException("the answer is complete already");
    }
    if (gone) {
      throw new IOException("the peer has closed the connection");
    }
    if (length == 0) {
      return;
    }
    gate.await();
    gate.send(new DefaultHttpContent(WriteGate.copy(bytes, offset, length)));
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      onClose.run();
    }
  }
}
