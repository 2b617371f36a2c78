package io.meshd.daemon.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A connection to the Engine: two independent directions, for virtual threads. */
final class EngineSocket implements AutoCloseable {
  private final SocketChannel channel;

  private EngineSocket(SocketChannel channel) {
    this.channel = channel;
  }

  /**
   * @param own meshd's socket, which may be found under the Engine's name
   * @throws NoEngineException in a sentence
   */
  static EngineSocket connect(Path path, Path own) throws NoEngineException {
    try {
      if (Files.exists(own) && Files.exists(path) && Files.isSameFile(path, own)) {
        throw new NoEngineException(
            "this needs a Docker Engine, and %s is meshd's own socket: say where the Engine's is (docker-socket in meshd's configuration)"
                .formatted(path));
      }
      SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        channel.connect(UnixDomainSocketAddress.of(path));
        return new EngineSocket(channel);
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (NoEngineException e) {
      throw e;
    } catch (IOException e) {
      throw new NoEngineException(
          "this needs a Docker Engine, and none answers on %s of this node: images and containers are its, process tasks and networks need none"
              .formatted(path));
    }
  }

  InputStream in() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        try {
          return length == 0 ? 0 : channel.read(ByteBuffer.wrap(bytes, offset, length));
        } catch (ClosedChannelException e) {
          throw new IOException("the Docker Engine does not answer in time", e);
        }
      }

      @Override
      public void close() throws IOException {
        channel.close();
      }
    };
  }

  OutputStream out() {
    return new OutputStream() {
      @Override
      public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        ByteBuffer left = ByteBuffer.wrap(bytes, offset, length);
        while (left.hasRemaining()) {
          channel.write(left);
        }
      }
    };
  }

  /** Ends it after a time, whatever is going on. */
  void closeAfter(Duration limit) {
    CompletableFuture.delayedExecutor(limit.toMillis(), TimeUnit.MILLISECONDS).execute(this::close);
  }

  /** Our side is done; the Engine may go on. */
  void endOutput() throws IOException {
    channel.shutdownOutput();
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException _) {
      // closed is closed
    }
  }
}
