package io.meshd.daemon.ingress;

import io.meshd.daemon.ingress.IngressPort.Backend;
import io.meshd.dataplane.sys.Netns;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A UDP server in the node namespace, on a thread of its own. */
final class UdpBackend implements AutoCloseable {
  /** What it answers to what it got, in the same packet. */
  private interface Service {
    void answer(DatagramPacket packet) throws InterruptedException;
  }

  private final String name;
  private final DatagramSocket socket;
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch told = new CountDownLatch(1);

  private UdpBackend(String name, TwoNamespaces namespaces, List<AutoCloseable> opened)
      throws Exception {
    this.name = name;
    this.socket =
        Netns.call(
            namespaces.node(),
            () -> new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0)));
    opened.add(this);
  }

  /** Answers everything with its name. */
  static UdpBackend named(String name, TwoNamespaces namespaces, List<AutoCloseable> opened)
      throws Exception {
    return new UdpBackend(name, namespaces, opened)
        .start(packet -> packet.setData(name.getBytes(StandardCharsets.UTF_8)));
  }

  static UdpBackend echo(String name, TwoNamespaces namespaces, List<AutoCloseable> opened)
      throws Exception {
    return new UdpBackend(name, namespaces, opened).start(packet -> {});
  }

  /** Answers with its name, after {@link #answer} was called. */
  static UdpBackend answersWhenTold(
      String name, TwoNamespaces namespaces, List<AutoCloseable> opened) throws Exception {
    UdpBackend backend = new UdpBackend(name, namespaces, opened);
    return backend.start(
        packet -> {
          backend.asked.countDown();
          backend.told.await();
          packet.setData(name.getBytes(StandardCharsets.UTF_8));
        });
  }

  private UdpBackend start(Service service) {
    Thread.ofPlatform().daemon().start(() -> serve(service));
    return this;
  }

  private void serve(Service service) {
    byte[] buffer = new byte[65_536];
    try {
      for (; ; ) {
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        socket.receive(packet);
        service.answer(packet);
        socket.send(packet);
      }
    } catch (IOException e) {
      // Closed by the test.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  Backend backend() {
    return new Backend(name, "127.0.0.1", socket.getLocalPort());
  }

  void awaitQuestion() throws InterruptedException {
    asked.await();
  }

  void answer() {
    told.countDown();
  }

  @Override
  public void close() {
    told.countDown();
    socket.close();
  }
}
