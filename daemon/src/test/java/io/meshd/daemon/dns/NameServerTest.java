package io.meshd.daemon.dns;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The server on loopback addresses, asked by dig; the outside is a dnsmasq. */
@Timeout(120)
class NameServerTest {
  private static final String GATEWAY = "127.53.1.1";
  private static final String OTHER_GATEWAY = "127.53.2.1";
  private static final String KNOWN = "127.0.0.5";
  private static final int MANY = 300;

  private final List<Process> started = new ArrayList<>();
  private volatile List<String> resolvers = List.of();
  private int port;
  private NameServer server;

  @BeforeEach
  void start() throws Exception {
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    server =
        NameServer.open(port, Thread.ofPlatform().daemon().factory(), () -> List.copyOf(resolvers));
    server.apply(List.of(names(GATEWAY)));
  }

  @AfterEach
  void stop() {
    server.close();
    started.forEach(Process::destroyForcibly);
  }

  private static NetworkNames names(String gateway) {
    Zone.Builder zone = new Zone.Builder("mynet", "10.0.0.0/16");
    zone.name("web", List.of(Reverse.address("10.0.0.2")));
    zone.name("many", IntStream.range(0, MANY).map(i -> 0x0a000100 + i).boxed().toList());
    Asker asker = new Asker(List.of(zone.build()), List.of());
    return new NetworkNames(gateway, Map.of(Reverse.address(KNOWN), asker));
  }

  private String dig(String from, String... words) throws Exception {
    List<String> line = new ArrayList<>(List.of("dig", "-b", from, "-p", "" + port));
    line.addAll(List.of("+tries=1", "+timeout=10"));
    if (List.of(words).stream().noneMatch(word -> word.startsWith("@"))) {
      line.add("@" + GATEWAY);
    }
    line.addAll(List.of(words));
    Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    return out;
  }

  private List<String> shortAnswer(String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of(words));
    all.add("+short");
    return dig(KNOWN, all.toArray(String[]::new)).lines().sorted().toList();
  }

  private long counter(DnsCounter counter) {
    return server.counters().getOrDefault(counter.label(), -1L);
  }

  @Test
  void digIsAnsweredOverUdpAndTcp() throws Exception {
    assertEquals(List.of("10.0.0.2"), shortAnswer("web"));
    assertEquals(List.of("10.0.0.2"), shortAnswer("WEB.mynet", "+tcp", "+noedns"));
    String whole = dig(KNOWN, "Web");
    assertTrue(whole.contains("status: NOERROR"), whole);
    assertTrue(whole.matches("(?s).*flags: qr aa rd ra;.*Web\\.\\s+2\\s+IN\\s+A\\s+10.*"), whole);
    assertEquals(2, counter(DnsCounter.QUERIES_UDP));
    assertEquals(1, counter(DnsCounter.QUERIES_TCP));
    assertTrue(dig(KNOWN, "nobody").contains("status: NXDOMAIN"));
    assertTrue(dig(KNOWN, "web", "AAAA").contains("status: NOERROR"));
    assertTrue(dig(KNOWN, "web", "+edns=1", "+noednsneg").contains("status: BADVERS"));
    assertTrue(dig(KNOWN, "web", "CH", "TXT").contains("status: REFUSED"));
  }

  @Test
  void aLongAnswerComesOverTcp() throws Exception {
    String cut = dig(KNOWN, "many", "+ignore", "+noedns");
    assertTrue(cut.contains("flags: qr aa tc rd ra; QUERY: 1, ANSWER: 30,"), cut);
    assertEquals(MANY, shortAnswer("many").size());
    assertEquals(MANY, shortAnswer("many", "+noedns").stream().distinct().count());
    assertTrue(counter(DnsCounter.TRUNCATED) >= 3);
    assertTrue(counter(DnsCounter.QUERIES_TCP) >= 2);
  }

  @Test
  void strangersAreRefused() throws Exception {
    assertTrue(dig("127.0.0.6", "web").contains("status: REFUSED"));
    assertTrue(dig("127.0.0.6", "example.com", "+tcp").contains("status: REFUSED"));
    assertEquals(2, counter(DnsCounter.REFUSED));
  }

  @Test
  void listenersComeAndGoWithTheirNetworks() throws Exception {
    server.apply(List.of(names(GATEWAY), names(OTHER_GATEWAY)));
    assertEquals(List.of("10.0.0.2"), shortAnswer("@" + OTHER_GATEWAY, "web"));
    server.apply(List.of(names(OTHER_GATEWAY)));
    assertTrue(dig(KNOWN, "web", "+timeout=1").contains("connection refused"));
    server.apply(List.of(names(GATEWAY)));
    assertEquals(List.of("10.0.0.2"), shortAnswer("web", "+tcp"));
  }

  @Test
  void outsideNamesComeFromTheNodesResolversAndAreKept() throws Exception {
    int outside =
        dnsmasq(
            "--address=/example.com/192.0.2.7",
            "--local=/example.org/",
            "--local-ttl=60",
            texts(20));
    resolvers = List.of("127.53.9.1#" + outside);
    assertEquals(List.of("192.0.2.7"), shortAnswer("www.example.com"));
    assertEquals(List.of("192.0.2.7"), shortAnswer("www.EXAMPLE.com", "+tcp"));
    assertEquals(1, counter(DnsCounter.FORWARDED));
    assertEquals(1, counter(DnsCounter.FORWARD_CACHED));
    assertEquals(2, counter(DnsCounter.ANSWERED_OUTSIDE));
    // Longer than any datagram: fetched over TCP, and given over TCP.
    assertEquals(20, shortAnswer("long.example.com", "TXT").size());
    // A name that the outside has not.
    assertTrue(dig(KNOWN, "not.example.org").contains("status: NXDOMAIN"));
  }

  @Test
  void withoutAResolverThatAnswersOutsideNamesFailAtOnce() throws Exception {
    long began = System.nanoTime();
    assertTrue(dig(KNOWN, "www.example.com").contains("status: SERVFAIL"));
    resolvers = List.of("127.53.9.1#9", "nonsense");
    assertTrue(dig(KNOWN, "www.example.com").contains("status: SERVFAIL"));
    assertTrue(dig(KNOWN, "nobody").contains("status: NXDOMAIN"));
    assertTrue(System.nanoTime() - began < TimeUnit.SECONDS.toNanos(8));
    try (DatagramSocket silent = new DatagramSocket(new InetSocketAddress("127.53.9.2", 0))) {
      resolvers = List.of("127.53.9.2#" + silent.getLocalPort());
      assertTrue(dig(KNOWN, "www.example.com").contains("status: SERVFAIL"));
      assertEquals(2, counter(DnsCounter.FORWARD_TIMEOUT));
      began = System.nanoTime();
      assertTrue(dig(KNOWN, "www.example.net").contains("status: SERVFAIL"));
      assertTrue(System.nanoTime() - began < TimeUnit.SECONDS.toNanos(1));
    }
    assertEquals(4, counter(DnsCounter.FORWARD_FAILED));
  }

  @Test
  void theNextResolverIsAskedWhenOneFails() throws Exception {
    int outside = dnsmasq("--address=/example.com/192.0.2.7");
    resolvers = List.of("127.53.9.1#9", "127.53.9.1#" + outside);
    assertEquals(List.of("192.0.2.7"), shortAnswer("www.example.com"));
  }

  @Test
  void garbageDisturbsNobody() throws Exception {
    Random random = new Random(5);
    try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(KNOWN, 0))) {
      for (int i = 0; i < 5000; i++) {
        byte[] garbage = new byte[random.nextInt(600)];
        random.nextBytes(garbage);
        socket.send(
            new DatagramPacket(garbage, garbage.length, InetAddress.getByName(GATEWAY), port));
      }
    }
    for (int i = 0; i < 50; i++) {
      byte[] garbage = new byte[random.nextInt(6000)];
      random.nextBytes(garbage);
      try (Socket socket = new Socket(InetAddress.getByName(GATEWAY), port, null, 0);
          OutputStream out = socket.getOutputStream()) {
        out.write(garbage);
      } catch (IOException e) {
        // It closes the door while we are still talking.
      }
    }
    // Garbage may still fill the socket, and what does not fit is lost.
    assertEquals(List.of("10.0.0.2"), shortAnswer("web", "+tries=5", "+timeout=2"));
    assertEquals(List.of("10.0.0.2"), shortAnswer("web", "+tcp"));
    assertTrue(counter(DnsCounter.DROPPED_NO_QUERY) > 0);
    assertTrue(counter(DnsCounter.NOT_IMPLEMENTED) > 0);
  }

  @Test
  void thousandsOfConnectionsAreNotKept() throws Exception {
    List<Socket> open = new ArrayList<>();
    try {
      for (int i = 0; i < 300; i++) {
        open.add(new Socket(InetAddress.getByName(GATEWAY), port));
      }
      await()
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(() -> assertEquals(300 - 256, counter(DnsCounter.TCP_REJECTED)));
      assertEquals(List.of("10.0.0.2"), shortAnswer("web"));
    } finally {
      for (Socket socket : open) {
        socket.close();
      }
    }
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> shortAnswer("web", "+tcp").equals(List.of("10.0.0.2")));
  }

  private static String texts(int count) {
    // One record of many texts would be one line; so many records.
    StringBuilder words = new StringBuilder("--conf-file=/dev/null");
    for (int i = 0; i < count; i++) {
      words.append("\n--txt-record=long.example.com,").append(("t" + i + "-").repeat(60));
    }
    return words.toString();
  }

  /** Starts one on loopback; returns its port once it answers. */
  private int dnsmasq(String... options) throws Exception {
    int free;
    try (ServerSocket socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
    }
    List<String> line = new ArrayList<>();
    line.addAll(List.of("dnsmasq", "-k", "-p", "" + free, "--listen-address=127.53.9.1"));
    line.addAll(List.of("--bind-interfaces", "--no-resolv", "--no-hosts", "--pid-file"));
    List.of(options).forEach(option -> line.addAll(option.lines().toList()));
    started.add(
        new ProcessBuilder(line)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start());
    await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () -> {
              try (Socket socket = new Socket("127.53.9.1", free)) {
                return socket.isConnected();
              } catch (IOException e) {
                return false;
              }
            });
    return free;
  }
}
