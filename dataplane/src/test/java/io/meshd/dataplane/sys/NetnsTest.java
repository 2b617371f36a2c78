package io.meshd.dataplane.sys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.dataplane.TestNamespaces;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class NetnsTest {
  private static final Path MISSING = Path.of("/run/netns/no-such-namespace");

  @Test
  void threadsSeeTheNamespaceAndOthersDoNot() throws Exception {
    try (TestNamespaces namespaces = new TestNamespaces()) {
      String ns = namespaces.add("ns");
      TestNamespaces.in(ns, "ip", "addr", "add", "10.213.7.1/32", "dev", "lo");

      assertTrue(Netns.call(TestNamespaces.path(ns), NetnsTest::canBind));
      try (ExecutorService executor =
          Executors.newFixedThreadPool(2, Netns.threadFactory(TestNamespaces.path(ns)))) {
        assertTrue(executor.submit(NetnsTest::canBind).get());
      }

      assertFalse(canBind());
    }
  }

  /** Whether the thread is where the address is. */
  private static boolean canBind() throws IOException {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress("10.213.7.1", 0));
      return true;
    } catch (BindException e) {
      return false;
    }
  }

  @Test
  void aMissingNamespaceIsNamed() {
    IOException call = assertThrows(IOException.class, () -> Netns.call(MISSING, () -> 1));
    assertEquals(
        "cannot open network namespace /run/netns/no-such-namespace: No such file or directory",
        call.getMessage());
    assertThrows(
        UncheckedIOException.class, () -> Netns.threadFactory(MISSING).newThread(() -> {}));
  }

  @Test
  void aFileThatIsNoNamespaceIsNamed() {
    IOException e =
        assertThrows(IOException.class, () -> Netns.call(Path.of("/dev/null"), () -> 1));
    assertEquals("cannot enter network namespace /dev/null: Invalid argument", e.getMessage());
  }

  @Test
  void theTasksOwnExceptionComesThrough() throws Exception {
    try (TestNamespaces namespaces = new TestNamespaces()) {
      Path ns = TestNamespaces.path(namespaces.add("ns"));
      assertThrows(
          ExecutionException.class,
          () ->
              Netns.call(
                  ns,
                  () -> {
                    throw new ExecutionException("as it was", null);
                  }));
    }
  }
}
