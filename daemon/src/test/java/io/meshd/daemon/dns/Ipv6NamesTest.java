package io.meshd.daemon.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.api.Networks;
import io.meshd.api.Services.NetworkAttachmentConfig;
import io.meshd.daemon.dns.TestQuestion.Answer;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.TaskState;
import io.meshd.daemon.state.TestCluster;
import io.netty.handler.codec.dns.DnsRecordType;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Names on a network with both families, and on one with IPv4 alone, seen by a task on both. */
class Ipv6NamesTest {
  private static final String ONE = "webtask1aaaaaaaaaaaaaaaaa";
  private static final String TWO = "webtask2aaaaaaaaaaaaaaaaa";
  private static final String OLD = "oldtask1aaaaaaaaaaaaaaaaa";

  private final TestCluster cluster = TestCluster.of(2);

  @BeforeEach
  void twoNetworks() {
    cluster.done(
        TestCluster.createNetwork(
            "neta",
            new Networks.CreateRequest(
                "six",
                "overlay",
                null,
                null,
                null,
                true,
                new Networks.Ipam(
                    null,
                    null,
                    Stream.of("10.9.0.0/24", "fd00:9::/64")
                        .map(subnet -> new Networks.IpamConfig(subnet, null, null, null))
                        .toList()),
                null,
                true,
                null,
                null,
                null,
                Map.of(),
                null)));
    cluster.done(TestCluster.createNetwork("netb", "four"));
    service("web", "six", "four");
    service("old", "four");
    cluster.tasks("web", "n1", ONE, TWO);
    cluster.tasks("old", "n1", OLD);
    for (String task : List.of(ONE, TWO, OLD)) {
      cluster.report(TaskState.RUNNING, task);
    }
  }

  private void service(String name, String... networks) {
    List<NetworkAttachmentConfig> on =
        Stream.of(networks)
            .map(network -> new NetworkAttachmentConfig(network, List.of(name + "-alias"), null))
            .toList();
    var task = TestCluster.task(List.of("sleep", "1"), null, null, on);
    cluster.done(
        TestCluster.createService(name, TestCluster.with(TestCluster.spec(name, 2), task)));
  }

  private Answer ask(String name, DnsRecordType type) {
    Attachment first = cluster.task(ONE).attachments().getFirst();
    Asker asker =
        ZoneCompiler.compile(cluster.state(), "n1").stream()
            .map(names -> names.askers().get(Reverse.address(first.address())))
            .filter(Objects::nonNull)
            .findFirst()
            .orElseThrow();
    return TestQuestion.of(name, type).ask(asker);
  }

  private List<String> ipv6(String name) {
    return ask(name, DnsRecordType.AAAA).addresses();
  }

  /** The IPv6 address that goes with a task's. */
  private String ipv6OfTask(String task) {
    return "fd00:9::"
        + cluster.task(task).attachments().getFirst().address().replaceAll(".*\\.", "");
  }

  @Test
  void servicesAliasesAndTasksHaveThem() {
    String vip = cluster.service("web").virtualIps().getFirst().addr();
    String last = vip.replaceAll(".*\\.|/.*", "");
    for (String name : List.of("web", "web.six", "web-alias")) {
      assertEquals(List.of("fd00:9::" + last), ipv6(name), name);
    }
    List<String> tasks = Stream.of(ONE, TWO).map(this::ipv6OfTask).sorted().toList();
    assertEquals(tasks, ipv6("tasks.web"));
    assertEquals(List.of(ipv6OfTask(ONE)), ipv6("web.1." + ONE));
    Answer both = ask("web", DnsRecordType.ANY);
    assertEquals(2, both.addresses().size());
  }

  @Test
  void aNameWithoutThemIsThereNevertheless() {
    for (String name : List.of("old", "tasks.old", "web.four")) {
      Answer answer = ask(name, DnsRecordType.AAAA);
      assertEquals("NOERROR", answer.code(), name);
      assertTrue(answer.addresses().isEmpty(), name);
    }
    assertEquals("NXDOMAIN", ask("nobody", DnsRecordType.AAAA).code());
    assertEquals("OUTSIDE", ask("nobody.example", DnsRecordType.AAAA).code());
  }

  @Test
  void reverseNamesOfTheSubnetAreAnsweredAndNeverAskedOutside() {
    String host = ipv6OfTask(ONE).replaceAll(".*::", "");
    String name = host + "." + "0.".repeat(15) + "0.0.0.0.0.0.0.0.9.0.0.0.0.0.d.f.ip6.arpa";
    assertEquals(List.of("web.1." + ONE + ".six."), ask(name, DnsRecordType.PTR).pointers());
    assertEquals(
        List.of("web.1." + ONE + ".six."),
        ask(name.toUpperCase(java.util.Locale.ROOT), DnsRecordType.PTR).pointers());
    String nobody = "f." + name.substring(2);
    assertEquals("NXDOMAIN", ask(nobody, DnsRecordType.PTR).code());
    String far = name.replaceFirst("9(?=(\\.0){5}\\.d)", "8");
    assertEquals("OUTSIDE", ask(far, DnsRecordType.PTR).code());
    assertEquals("OUTSIDE", ask("g" + name.substring(1), DnsRecordType.PTR).code());
    assertEquals("OUTSIDE", ask(name.substring(2), DnsRecordType.PTR).code());
  }

  @Test
  void manyAreCutToWhatFits() {
    Zone.Builder zone = new Zone.Builder("six", "10.9.0.0/24");
    zone.name("rr", IntStream.range(1, 101).map(n -> 0x0a090000 | n).boxed().toList());
    var network = Objects.requireNonNull(cluster.state().networks().get("neta"));
    zone.ipv6(io.meshd.ipam.Cidr6.parse("fd00:9::/64"), Objects.requireNonNull(network.pairs()));
    Asker asker = new Asker(List.of(zone.build()), List.of());
    Answer cut = TestQuestion.of("rr", DnsRecordType.AAAA).ask(asker);
    assertTrue(cut.truncated());
    assertEquals((512 - 12 - 8) / 28, cut.addresses().size());
    Answer any = TestQuestion.of("rr", DnsRecordType.ANY).ask(asker);
    assertTrue(any.truncated());
  }

  @Test
  void aNetworkThatGoesTakesItsNamesAlong() {
    cluster.done(new Command.RemoveService(TestCluster.AT, "old"));
    assertEquals("NXDOMAIN", ask("old", DnsRecordType.AAAA).code());
  }
}
