package io.meshd.daemon.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DrainTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private static final TaskSockets IDLE = new TaskSockets(Set.of(80), false, 0);
  private static final TaskSockets BUSY = new TaskSockets(Set.of(80), false, 1);

  @Test
  void endsWithTheLastConnectionOnceOthersHaveHeardOfIt() {
    assertFalse(Drain.over(SECOND / 2, 10 * SECOND, IDLE));
    assertTrue(Drain.over(SECOND, 10 * SECOND, IDLE));
    assertFalse(Drain.over(9 * SECOND, 10 * SECOND, BUSY));
    assertTrue(Drain.over(10 * SECOND, 10 * SECOND, BUSY));
    assertTrue(Drain.over(0, 0, IDLE), "without grace there is no drain");
  }

  @Test
  void aTaskThatListensNowhereHasNothingToWaitFor() {
    assertTrue(Drain.over(0, 10 * SECOND, new TaskSockets(Set.of(), false, 0)));
    assertFalse(Drain.over(0, 10 * SECOND, new TaskSockets(Set.of(), true, 0)));
  }

  @Test
  void socketsAreReadAsTheKernelListsThem() throws IOException {
    long self = ProcessHandle.current().pid();
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (ServerSocket open = new ServerSocket(0);
        ServerSocket own = new ServerSocket(0, 1, loopback);
        DatagramSocket datagrams = new DatagramSocket(0);
        Socket client = new Socket()) {
      client.connect(new InetSocketAddress(loopback, open.getLocalPort()));
      TaskSockets sockets = TaskSockets.of(self);
      assertTrue(sockets.listensOn(List.of(open.getLocalPort())));
      assertFalse(sockets.listensOn(List.of(own.getLocalPort())), "loopback is nobody's way in");
      assertTrue(sockets.datagrams(), datagrams + " is open");
      assertFalse(sockets.servesNobody());
      assertEquals(0, sockets.connections(), "over loopback");
    }
    assertThrows(IOException.class, () -> TaskSockets.of(Long.MAX_VALUE));
  }
}
