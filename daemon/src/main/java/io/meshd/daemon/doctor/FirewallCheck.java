package io.meshd.daemon.doctor;

import io.meshd.daemon.ingress.PortStatus;
import io.meshd.daemon.state.NodeRecord;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;

/**
 * Connects to the published TCP ports of the next node, by name, and so all nodes together to those
 * of all: packets to a published port meet the INPUT chain of the host, which Docker's DNAT goes
 * round. Of UDP ports nothing can be told from outside.
 */
final class FirewallCheck implements Check {
  private static final int CONNECT_MILLIS = 2000;
  private static final int MOST_PORTS = 256;
  private static final Duration LIMIT = Duration.ofSeconds(6);

  @Override
  public String name() {
    return "firewall";
  }

  @Override
  public void look(Subject subject, Notes notes) throws InterruptedException {
    List<NodeRecord> others = subject.others();
    if (others.isEmpty()) {
      notes.ok("there is no other node to ask for");
      return;
    }
    NodeRecord next =
        others.stream()
            .filter(node -> node.hostname().compareTo(subject.hostname()) > 0)
            .findFirst()
            .orElse(others.getFirst());
    List<Integer> ports =
        subject.ports().stream()
            .filter(port -> port.bound() && port.backends() > 0)
            .map(PortStatus::port)
            .filter(port -> port.endsWith("/tcp") && port.indexOf(':') < 0)
            .map(port -> Integer.parseInt(port.substring(0, port.indexOf('/'))))
            .sorted()
            .limit(MOST_PORTS)
            .toList();
    for (var answer : EachNode.ask(ports, LIMIT, port -> connect(next, port))) {
      if (answer.failure() != null) {
        notes.errorOn(
            next.hostname(),
            "published port %d/tcp does not answer %s (%s)"
                .formatted(answer.whom(), subject.hostname(), answer.failure()),
            "let it pass the host's firewall: a rule `tcp dport %d accept` in its INPUT chain"
                .formatted(answer.whom()));
      }
    }
    if (notes.isEmpty()) {
      notes.ok(
          "all published TCP ports of %s answer (%d)".formatted(next.hostname(), ports.size()));
    }
  }

  /** Twice, as the port may just be changing hands. */
  private static boolean connect(NodeRecord node, int port)
      throws IOException, InterruptedException {
    InetSocketAddress address =
        new InetSocketAddress(InetAddress.ofLiteral(Subject.addressOf(node)), port);
    try {
      return once(address);
    } catch (IOException e) {
      Thread.sleep(CONNECT_MILLIS / 4);
      return once(address);
    }
  }

  private static boolean once(InetSocketAddress address) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(address, CONNECT_MILLIS);
      return true;
    } catch (SocketTimeoutException e) {
      throw new IOException("nothing comes back within 2 s", e);
    }
  }
}
