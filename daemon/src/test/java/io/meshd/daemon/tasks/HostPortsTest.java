package io.meshd.daemon.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.tasks.TaskStatus.Phase;
import io.meshd.dataplane.sys.Netns;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ports of the node that lead to one task, asked from the node itself. */
@Timeout(60)
class HostPortsTest {
  private static final String BRIDGE = "172.17.0.1";
  private TaskNode node;

  @BeforeEach
  void setUp() throws Exception {
    node = new TaskNode();
  }

  @AfterEach
  void tearDown() throws Exception {
    node.close();
  }

  @Test
  void tcpAndUdpOfOneNumberReachTheTask() throws Exception {
    String id =
        started(
            new HostPort("tcp", null, 5300, 53),
            new HostPort("udp", null, 5300, 53),
            new HostPort("tcp", BRIDGE, 5301, 54));
    try (Answering tcp = new Answering(node, id, 53);
        Answering other = new Answering(node, id, 54)) {
      for (String address : List.of("127.0.0.1", BRIDGE)) {
        assertEquals("tcp", askTcp(address, 5300));
        assertEquals("udp", askUdp(address, 5300));
      }
      assertEquals("tcp", askTcp(BRIDGE, 5301));
      assertThrows(ConnectException.class, () -> askTcp("127.0.0.1", 5301));
      assertThrows(ConnectException.class, () -> askTcp("::1", 5300));
      assertThrows(PortUnreachableException.class, () -> askUdp("::1", 5300));
      assertNotNull(tcp);
      assertNotNull(other);
    }
  }

  @Test
  void thePortIsHeldFromStartToEndAlsoOverARestart() throws Exception {
    String id = started(new HostPort("tcp", null, 5300, 53));
    assertThrows(BindException.class, this::bindTcp);
    node.restart();
    assertThrows(BindException.class, this::bindTcp);
    try (Answering answering = new Answering(node, id, 53)) {
      assertEquals("tcp", askTcp("127.0.0.1", 5300));
      assertNotNull(answering);
    }
    node.tasks.stop(id);
    node.awaitPhase(id, Phase.SHUTDOWN);
    bindTcp().close();
    String again = started(new HostPort("tcp", null, 5300, 53));
    assertEquals(Phase.RUNNING, node.awaitPhase(again, Phase.RUNNING).phase());
  }

  @Test
  void withoutANumberEachTaskGetsItsOwnHighPort() throws Exception {
    HostPort open = new HostPort("tcp", null, 0, 80);
    int first = port(started(open));
    int second = port(started(open));
    assertTrue(first >= 32_768 && first <= 60_999, "" + first);
    assertEquals(first + 1, second);
    node.restart();
    assertEquals(List.of(second, first), node.tasks.list().stream().map(this::only).toList());
  }

  @Test
  void aPortOfAnotherProcessIsNamedAndTheTaskRejected() throws Exception {
    try (ServerSocket taken = bindTcp()) {
      DesiredTask task =
          TaskNode.withPorts(
              TaskNode.task("sleep", "1000"),
              new HostPort("udp", null, 5300, 53),
              new HostPort("tcp", null, 5300, 53));
      node.start(task);
      TaskStatus status = node.awaitPhase(task.id(), Phase.REJECTED);
      assertEquals(
          "port 5300/tcp on node n1 is already in use by java (PID %d)"
              .formatted(ProcessHandle.current().pid()),
          status.err());
      assertNotNull(taken);
    }
    Netns.call(node.host, () -> new DatagramSocket(5300)).close();
    DesiredTask elsewhere =
        TaskNode.withPorts(
            TaskNode.task("sleep", "1000"), new HostPort("udp", "10.9.9.9", 5300, 53));
    node.start(elsewhere);
    assertEquals(
        "port 10.9.9.9:5300/udp cannot be published: the node has no address 10.9.9.9",
        node.awaitPhase(elsewhere.id(), Phase.REJECTED).err());
  }

  private String started(HostPort... ports) throws IOException {
    DesiredTask task = TaskNode.withPorts(TaskNode.task("sleep", "1000"), ports);
    node.start(task);
    node.awaitPhase(task.id(), Phase.RUNNING);
    return task.id();
  }

  private int port(String id) {
    TaskStatus status = node.tasks.status(id);
    assertNotNull(status);
    return status.hostPorts().getFirst().published();
  }

  private int only(LocalTasks.LocalTask task) {
    return task.hostPorts().getFirst().published();
  }

  private ServerSocket bindTcp() throws Exception {
    return Netns.call(
        node.host,
        () -> {
          ServerSocket socket = new ServerSocket();
          try {
            socket.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 5300));
            return socket;
          } catch (IOException e) {
            socket.close();
            throw e;
          }
        });
  }

  private String askTcp(String address, int port) throws Exception {
    return Netns.call(
        node.host,
        () -> {
          try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral(address), port), 5000);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
          }
        });
  }

  private String askUdp(String address, int port) throws Exception {
    return Netns.call(
        node.host,
        () -> {
          try (DatagramSocket socket = new DatagramSocket(0)) {
            socket.setSoTimeout(5000);
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral(address), port));
            socket.send(new DatagramPacket(new byte[1], 1));
            DatagramPacket answer = new DatagramPacket(new byte[16], 16);
            socket.receive(answer);
            return new String(answer.getData(), 0, answer.getLength(), StandardCharsets.UTF_8);
          }
        });
  }

  /** Says in the task's namespace, on both protocols, which one was used. */
  private static final class Answering implements AutoCloseable {
    private final ServerSocket tcp;
    private final DatagramSocket udp;

    Answering(TaskNode node, String task, int port) throws Exception {
      tcp = Netns.call(node.tasks.netns(task), () -> new ServerSocket(port));
      udp = Netns.call(node.tasks.netns(task), () -> new DatagramSocket(port));
      serve(
          () -> {
            try (Socket client = tcp.accept()) {
              client.getOutputStream().write("tcp".getBytes(StandardCharsets.UTF_8));
            }
            return null;
          });
      serve(
          () -> {
            DatagramPacket packet = new DatagramPacket(new byte[16], 16);
            udp.receive(packet);
            packet.setData("udp".getBytes(StandardCharsets.UTF_8));
            udp.send(packet);
            return null;
          });
    }

    private static void serve(Callable<?> once) {
      Thread.ofPlatform()
          .daemon()
          .start(
              () -> {
                try {
                  for (; ; ) {
                    once.call();
                  }
                } catch (Exception e) {
                  // Closed by the test.
                }
              });
    }

    @Override
    public void close() throws IOException {
      tcp.close();
      udp.close();
    }
  }
}
