package io.meshd.dataplane.lb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.dataplane.wire.TcpHeader;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The table beside a plain map of the same flows. */
@Timeout(60)
class FlowTableTest {
  private static final int VNI = 4097;
  private static final int TCP = 6;
  private static final int CAPACITY = 1024;

  private record Request(int client, int vip, int ports) {}

  private record Reply(int backend, int peer, int ports) {}

  @Test
  void doesWhatAMapDoes() throws IOException {
    SplittableRandom random = new SplittableRandom(1624);
    Map<Request, Integer> requests = new HashMap<>();
    Map<Reply, Request> replies = new HashMap<>();
    Flow flow = new Flow();
    try (FlowTable table = FlowTable.open(null, CAPACITY)) {
      for (int round = 0; round < 300_000; round++) {
        // Few clients and ports, so that everything happens; a client may be a backend.
        int client = random.nextInt(6);
        int vip = 100 + random.nextInt(2);
        int ports = random.nextInt(60);
        int backend = random.nextInt(8);
        Request request = new Request(client, vip, ports);
        Reply reply = new Reply(backend, client == backend ? vip : client, ports);
        switch (random.nextInt(4)) {
          case 0 -> {
            fill(flow, request, backend);
            FlowTable.Insertion expected =
                requests.containsKey(request)
                    ? FlowTable.Insertion.EXISTS
                    : replies.containsKey(reply)
                        ? FlowTable.Insertion.REPLY_TAKEN
                        : FlowTable.Insertion.DONE;
            assertEquals(expected, table.insert(flow, 0));
            if (expected == FlowTable.Insertion.DONE) {
              requests.put(request, backend);
              replies.put(reply, request);
            }
          }
          case 1 -> {
            boolean found = table.findRequest(flow, VNI, TCP, client, vip, ports);
            assertEquals(requests.containsKey(request), found);
            if (found) {
              assertEquals(requests.get(request), flow.backend());
              assertTrue(table.remove(flow));
              assertFalse(table.remove(flow), "gone once");
              requests.remove(request);
              replies.remove(new Reply(flow.backend(), flow.peer(), ports));
            }
          }
          case 2 -> {
            boolean found = table.findReply(flow, VNI, TCP, backend, reply.peer, ports);
            Request expected = replies.get(reply);
            assertEquals(expected != null, found);
            if (expected != null) {
              assertEquals(expected, new Request(flow.client(), flow.vip(), ports));
            }
          }
          default -> {
            assertFalse(table.findRequest(flow, VNI + 1, TCP, client, vip, ports));
            assertFalse(table.findRequest(flow, VNI, TCP + 11, client, vip, ports));
          }
        }
        assertEquals(requests.size(), table.size());
      }
    }
  }

  @Test
  void twoThreadsDoNotDisturbEachOther() throws Exception {
    try (FlowTable table = FlowTable.open(null, CAPACITY);
        ExecutorService threads = Executors.newFixedThreadPool(2)) {
      List<Future<Integer>> left = new ArrayList<>();
      for (int thread = 0; thread < 2; thread++) {
        int client = thread + 1;
        left.add(threads.submit(() -> churn(table, client)));
      }
      int sum = 0;
      for (Future<Integer> one : left) {
        sum += one.get();
      }
      assertEquals(sum, table.size());
    }
  }

  /** Puts in and takes out flows of one client, and looks for all of them in between. */
  private static int churn(FlowTable table, int client) {
    SplittableRandom random = new SplittableRandom(client);
    Map<Integer, Integer> backends = new HashMap<>();
    Flow flow = new Flow();
    for (int round = 0; round < 200_000; round++) {
      int ports = random.nextInt(300);
      Integer backend = backends.get(ports);
      boolean found = table.findRequest(flow, VNI, TCP, client, 100, ports);
      assertEquals(backend != null, found);
      if (backend == null) {
        fill(flow, new Request(client, 100, ports), 1000 + random.nextInt(50));
        assertEquals(FlowTable.Insertion.DONE, table.insert(flow, 0));
        backends.put(ports, flow.backend());
      } else if (random.nextBoolean()) {
        assertTrue(table.remove(flow));
        backends.remove(ports);
      } else {
        assertEquals(backend, flow.backend());
        assertTrue(table.findReply(flow, VNI, TCP, backend, client, ports));
        assertEquals(client, flow.client());
      }
    }
    return backends.size();
  }

  @Test
  void idleFlowsGoAfterTheTimeOfTheirState() throws IOException {
    Flow flow = new Flow();
    List<Integer> gone = new ArrayList<>();
    try (FlowTable table = FlowTable.open(null, CAPACITY)) {
      for (int ports = 0; ports < 3; ports++) {
        fill(flow, new Request(1, 100, ports), 5);
        assertEquals(FlowTable.Insertion.DONE, table.insert(flow, 0));
      }
      find(table, flow, 1);
      table.track(flow, false, TcpHeader.SYN | TcpHeader.ACK, 0);
      table.track(flow, true, TcpHeader.ACK, 0);
      assertEquals(FlowState.ESTABLISHED, flow.state());
      find(table, flow, 2);
      table.track(flow, true, TcpHeader.SYN, 100);
      table.expire(121, CAPACITY, flow, f -> gone.add(f.ports));
      assertEquals(List.of(0), gone);
      table.expire(221, CAPACITY, flow, f -> gone.add(f.ports));
      assertEquals(List.of(0, 2), gone);
      table.expire(5 * 86_400, CAPACITY, flow, f -> gone.add(f.ports));
      assertEquals(1, table.size(), "days of silence end no connection");
      table.expire(5 * 86_400 + 1, CAPACITY, flow, f -> gone.add(f.ports));
      assertEquals(0, table.size());
    }
  }

  @Test
  void whenFullTheOldestUnansweredGoes() throws IOException {
    Flow flow = new Flow();
    List<Integer> gone = new ArrayList<>();
    try (FlowTable table = FlowTable.open(null, CAPACITY)) {
      for (int ports = 0; ports < CAPACITY; ports++) {
        fill(flow, new Request(1, 100, ports), 5);
        assertEquals(FlowTable.Insertion.DONE, table.insert(flow, ports == 77 ? 1 : 10));
        if (ports % 2 == 0) {
          table.track(flow, false, TcpHeader.SYN | TcpHeader.ACK, 10);
        }
      }
      fill(flow, new Request(2, 100, 0), 5);
      assertEquals(FlowTable.Insertion.FULL, table.insert(flow, 11));
      assertTrue(table.evict(new Flow(), f -> gone.add(f.ports)));
      assertEquals(List.of(77), gone);
      assertEquals(FlowTable.Insertion.DONE, table.insert(flow, 11));
      for (int i = 0; i < 10_000 && table.evict(new Flow(), f -> gone.add(f.ports)); i++) {}
      assertTrue(gone.stream().allMatch(ports -> ports % 2 == 1 || ports == 0), gone.toString());
    }
  }

  @Test
  void aSuccessorFindsTheFlowsOfAFileOfTheSameLayoutOnly(@TempDir Path directory)
      throws IOException {
    Path file = directory.resolve("run/flows");
    Flow flow = new Flow();
    try (FlowTable table = FlowTable.open(file, CAPACITY)) {
      for (int ports = 0; ports < 500; ports++) {
        fill(flow, new Request(1, 100, ports), 5);
        table.insert(flow, 0);
        if (ports % 5 == 0) {
          table.remove(flow);
        }
      }
    }
    try (FlowTable table = FlowTable.open(file, CAPACITY)) {
      assertEquals(400, table.size());
      for (int ports = 0; ports < 500; ports++) {
        assertEquals(ports % 5 != 0, table.findRequest(flow, VNI, TCP, 1, 100, ports));
        assertEquals(ports % 5 != 0, table.findReply(flow, VNI, TCP, 5, 1, ports));
      }
      for (int ports = 1000; ports < 1624; ports++) {
        fill(flow, new Request(1, 100, ports), 5);
        assertEquals(FlowTable.Insertion.DONE, table.insert(flow, 0));
      }
      assertEquals(FlowTable.Insertion.FULL, table.insert(flow, 0));
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(java.nio.ByteBuffer.allocate(1), ValueLayout.JAVA_LONG.byteSize());
    }
    try (FlowTable table = FlowTable.open(file, CAPACITY)) {
      assertEquals(0, table.size());
    }
    try (FlowTable table = FlowTable.open(file, 2 * CAPACITY)) {
      assertEquals(0, table.size());
    }
  }

  private static void find(FlowTable table, Flow flow, int ports) {
    assertTrue(table.findRequest(flow, VNI, TCP, 1, 100, ports));
  }

  private static void fill(Flow flow, Request request, int backend) {
    flow.begin(VNI, TCP, request.client, request.vip, request.ports, FlowState.SYN_SENT);
    flow.backend = backend;
  }
}
