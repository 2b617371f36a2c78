package io.meshd.daemon.ingress;

import io.meshd.daemon.ingress.IngressPort.Backend;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/** A server in the node namespace; a virtual thread for each connection. */
final class TestBackend implements AutoCloseable {
  /** What a backend does with a connection; it is closed afterwards. */
  interface Service {
    void serve(SocketChannel connection) throws IOException;
  }

  private final String name;
  private final ServerSocketChannel listening;
  private final AtomicInteger accepted = new AtomicInteger();
  private final Thread accepting;

  TestBackend(String name, TwoNamespaces namespaces, Service service) throws Exception {
    this.name = name;
    this.listening = namespaces.listenInNode();
    this.accepting = Thread.startVirtualThread(() -> acceptAll(service));
  }

  /** Says its name and closes. */
  static TestBackend saysItsName(String name, TwoNamespaces namespaces) throws Exception {
    return new TestBackend(
        name,
        namespaces,
        connection -> connection.write(ByteBuffer.wrap(name.getBytes(StandardCharsets.UTF_8))));
  }

  /** Sends back what it gets, and closes when the client has ended. */
  static TestBackend echo(String name, TwoNamespaces namespaces) throws Exception {
    return new TestBackend(
        name,
        namespaces,
        connection -> {
          ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);
          while (connection.read(buffer.clear()) >= 0) {
            buffer.flip();
            while (buffer.hasRemaining()) {
              connection.write(buffer);
            }
          }
        });
  }

  /** With a weight of its own. */
  Backend backend(int weight) throws IOException {
    return new Backend(name, "127.0.0.1", backend().port(), weight, false, 0);
  }

  Backend backend() throws IOException {
    int port = ((InetSocketAddress) listening.getLocalAddress()).getPort();
    return new Backend(name, "127.0.0.1", port);
  }

  int accepted() {
    return accepted.get();
  }

  private void acceptAll(Service service) {
    while (true) {
      SocketChannel connection;
      try {
        connection = listening.accept();
      } catch (IOException e) {
        return;
      }
      accepted.incrementAndGet();
      Thread.startVirtualThread(
          () -> {
            try (connection) {
              service.serve(connection);
            } catch (IOException e) {
              // The client went away, which is the test's own doing.
            }
          });
    }
  }

  /** Nobody is accepted any more; whoever is inside accept closes the socket on its way out. */
  @Override
  public void close() throws IOException {
    listening.close();
    try {
      accepting.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
