package io.meshd.daemon.ingress;

import io.meshd.daemon.linux.SocketKeeper;
import io.meshd.dataplane.sys.Netns;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A host namespace with the clients and a node namespace with the backends, joined by nothing but
 * the proxy under test.
 */
final class TwoNamespaces implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();
  private final String name =
      "mt" + Long.toHexString(ProcessHandle.current().pid()) + "i" + COUNT.incrementAndGet();

  TwoNamespaces() throws IOException {
    for (String side : new String[] {"h", "n"}) {
      ip("netns", "add", name + side);
      ip("-n", name + side, "link", "set", "lo", "up");
    }
  }

  Path host() {
    return Path.of("/run/netns", name + "h");
  }

  Path node() {
    return Path.of("/run/netns", name + "n");
  }

  /** A link in the node namespace on which nobody answers ARP; 10.77.0.2 is such a nobody. */
  void addDeafLink() throws IOException {
    ip("-n", name + "n", "link", "add", "deaf", "type", "veth", "peer", "name", "deafer");
    ip("-n", name + "n", "addr", "add", "10.77.0.1/24", "dev", "deaf");
    ip("-n", name + "n", "link", "set", "deaf", "up");
    ip("-n", name + "n", "link", "set", "deafer", "up");
  }

  /** One more address of the host, with prefix length. */
  void addHostAddress(String address) throws IOException {
    ip("-n", name + "h", "addr", "add", address, "dev", "lo");
  }

  Ingress open() throws Exception {
    return inHost(() -> Ingress.open(Netns.threadFactory(node()), 2, SocketKeeper.none()));
  }

  /** With few connections to a port. */
  Ingress open(int connectionsOfAPort) throws Exception {
    return inHost(
        () ->
            Ingress.open(Netns.threadFactory(node()), 2, connectionsOfAPort, SocketKeeper.none()));
  }

  /** With the sockets of the one before. */
  Ingress open(Path sockets) throws Exception {
    return inHost(() -> Ingress.open(Netns.threadFactory(node()), 2, SocketKeeper.open(sockets)));
  }

  <T> T inHost(Callable<T> task) throws Exception {
    return Netns.call(host(), task);
  }

  SocketChannel connect(String address, int port) throws Exception {
    return inHost(
        () -> SocketChannel.open(new InetSocketAddress(InetAddress.ofLiteral(address), port)));
  }

  /** A listening socket on 127.0.0.1 of the node namespace, at a port of the kernel's choice. */
  ServerSocketChannel listenInNode() throws Exception {
    return Netns.call(
        node(),
        () ->
            ServerSocketChannel.open()
                .bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 1024));
  }

  @Override
  public void close() throws IOException {
    ip("netns", "del", name + "h");
    ip("netns", "del", name + "n");
  }

  private static void ip(String... arguments) throws IOException {
    String[] command = new String[arguments.length + 1];
    command[0] = "ip";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    // Its output has ended, so it is about to.
    if (process.onExit().join().exitValue() != 0) {
      throw new IOException(String.join(" ", command) + ": " + output);
    }
  }
}
