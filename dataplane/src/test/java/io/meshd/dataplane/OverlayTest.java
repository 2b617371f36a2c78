package io.meshd.dataplane;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two nodes with tasks behind them: what tasks see of the overlay. */
@Timeout(120)
class OverlayTest {
  private final TestNamespaces namespaces = new TestNamespaces();
  private TestNode a;
  private TestNode b;
  private String taskA;
  private String taskB;

  @BeforeEach
  void twoNodesWithATaskEach() throws Exception {
    String nodeA = namespaces.add("nA");
    String nodeB = namespaces.add("nB");
    TestNode.join(nodeA, "10.99.0.1", nodeB, "10.99.0.2");
    a = new TestNode(namespaces, nodeA, "10.99.0.1");
    b = new TestNode(namespaces, nodeB, "10.99.0.2");
    taskA = a.task("cA", "10.0.1.3");
    taskB = b.task("cB", "10.0.1.4");
    a.remote("10.0.1.4", "10.99.0.2", false);
    b.remote("10.0.1.3", "10.99.0.1", false);
    a.apply();
    b.apply();
  }

  @AfterEach
  void remove() {
    a.close();
    b.close();
    namespaces.close();
  }

  @Test
  void tasksOnTwoNodesPing() throws Exception {
    ping(taskA, "10.0.1.4");
    ping(taskB, "10.0.1.3");
    assertTrue(a.counter("arp.replies") >= 1);
  }

  @Test
  void tcpMovesDataUnharmed() throws Exception {
    Transfer.check(taskA, taskB, "10.0.1.4", 300_000_000);
    Transfer.check(taskB, taskA, "10.0.1.3", 300_000_000);
    assertTrue(a.counter("vxlan.tx_datagrams") > 3 * a.counter("vxlan.tx_batches"));
    assertTrue(b.counter("vxlan.rx_datagrams") > 3 * b.counter("tap.tx_frames"));
  }

  private static void ping(String from, String to) {
    TestNamespaces.in(from, "ping", "-q", "-c", "3", "-i", "0.1", "-w", "5", to);
  }
}
